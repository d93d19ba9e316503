"""diffrax: explicit and implicit Runge-Kutta methods in JAX, all patients at once by vmap."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arm import ABSOLUTE, Arm, Floats, Solve
from ..equations import in_numbers
from ..problem import Problem

MAX_STEPS = 1_000_000


def _words() -> dict[str, Any]:
    import jax.numpy as jnp

    def power(base: Any, exponent: Any) -> Any:
        # Selected before the logarithm, or its derivative is NaN at 0.
        positive = base > 0.0
        return jnp.where(positive, jnp.exp(exponent * jnp.log(jnp.where(positive, base, 1.0))), 0.0)

    return {
        "exp": jnp.exp,
        "log": jnp.log,
        "sqrt": jnp.sqrt,
        "maximum": jnp.maximum,
        "minimum": jnp.minimum,
        "power": power,
    }


def _prepare(problem: Problem, method: str) -> Solve:
    import jax

    jax.config.update("jax_enable_x64", True)
    import diffrax
    import jax.numpy as jnp

    kernels = problem.model.kernels
    rhs: Callable[..., None] = in_numbers(kernels, _words())

    def field(_time: Any, y: Any, given: Any) -> Any:
        derived, inputs = given
        dy: list[Any] = [None] * len(kernels.states)
        rhs(y, inputs, derived, dy)
        return jnp.stack(dy)

    longest = max(len(segment.grid) for segment in problem.segments)
    grids = np.array([np.pad(s.grid, (0, longest - len(s.grid)), mode="edge") for s in problem.segments])
    added = np.array([segment.added for segment in problem.segments])
    inputs = np.array([segment.inputs for segment in problem.segments])
    scales = problem.scales

    def patient(start: Any, derived: Any, added: Any, inputs: Any, tolerance: Any) -> Any:
        def cross(y: Any, segment: Any) -> Any:
            grid, plus, given = segment
            solution = diffrax.diffeqsolve(
                diffrax.ODETerm(field),
                getattr(diffrax, method)(),
                t0=0.0,
                t1=grid[-1],
                dt0=None,
                y0=y + plus,
                args=(derived, given),
                saveat=diffrax.SaveAt(ts=grid),
                stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=ABSOLUTE * tolerance * scales),
                max_steps=MAX_STEPS,
                throw=False,
            )
            return solution.ys[-1], solution.ys

        return jax.lax.scan(cross, start, (grids, added, inputs))[1]

    batch = jax.jit(jax.vmap(patient, in_axes=(0, 0, 1, 1, None)))

    def solve(tolerance: float, count: int) -> Floats:
        who = np.arange(count) % problem.patients
        paths = np.asarray(
            batch(problem.start[who], problem.derived[who], added[:, who], inputs[:, who], tolerance)
        )
        out = np.full((count, len(problem.times), len(scales)), np.nan)
        for k, segment in enumerate(problem.segments):
            wanted = np.flatnonzero(segment.outputs >= 0)
            out[:, segment.outputs[wanted]] = paths[:, k, wanted]
        return out

    return solve


def _arm(method: str, patients: int, tolerances: tuple[float, ...], *, stiff: bool) -> Arm:
    return Arm(
        name=f"diffrax {method}",
        package="diffrax",
        module="diffrax",
        prepare=lambda problem: _prepare(problem, method),
        tolerances=tolerances,
        patients=patients,
        unit=patients,
        stiff=stiff,
    )


ARMS = (_arm("Tsit5", 64, (1e-4, 1e-6), stiff=False), _arm("Kvaerno5", 2, (1e-5,), stiff=True))
