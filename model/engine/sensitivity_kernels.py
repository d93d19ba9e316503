"""Kernels of a model together with its sensitivities: the states, then a block of as many rows a parameter.

The kernels are written from those of the model, as text and on first use, into the user's cache folder. So
any model has them, built or shipped or written by hand, nothing can be out of date, and what is not asked
for costs nothing. One text serves any choice of parameters: their blocks are counted when it runs, and the
last derived row of each says which parameter it belongs to.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from . import simd
from .contract import ARITY, Directions, Kernels
from .step_kernels import StepKernels, step_kernels
from .tangents import Block, Seeds, tangent_kernel
from .written_module import module_of

_ALONG = ("rhs_along", "solve_along", "stage_along")
_HEAD = '''"""Kernels of the model {name!r} with its sensitivities; written by the program."""

import numpy as np

from lag3ig.model.engine.lane_memory import from_row, load_lane
from lag3ig.model.engine.simd import {words}
from lag3ig.model.engine.sparse_products import add_products

{tables}'''


@cache
def sensitivity_kernels(kernels: Kernels, parameters: tuple[int, ...]) -> Kernels:
    """Kernels for the states and their derivatives with respect to some parameters.

    The parameters of the result are those of the model, the number of blocks, and for each block the row of
    its parameter (see `seeded`). ``controlled`` is the number of the model's own states, so that steps and
    states are those of the model alone.

    Raises
    ------
    ModelError
        A kernel is not straight-line.
    """
    step, written = _written(kernels)
    symbols = [kernels.parameters[row] for row in parameters]

    def with_slopes(names: tuple[str, ...]) -> tuple[str, ...]:
        return (*names, *(f"d {name} / d {symbol}" for symbol in symbols for name in names))

    blocks = 1 + len(parameters)
    inputs = with_slopes(tuple(name for name, _ in kernels.inputs))
    values = [value for _, value in kernels.inputs] + [0.0] * (len(inputs) - len(kernels.inputs))
    return replace(
        kernels,
        name=f"{kernels.name} with sensitivities",
        states=with_slopes(kernels.states),
        parameters=(*kernels.parameters, "blocks", *(f"row of {symbol}" for symbol in symbols)),
        inputs=tuple(zip(inputs, values, strict=True)),
        observables=with_slopes(kernels.observables),
        margin_names=with_slopes(kernels.margin_names),
        dose_names=with_slopes(kernels.dose_names),
        calibrated=with_slopes(kernels.calibrated),
        derived_rows=step.derived_first + (kernels.derived_rows + 1) * blocks,
        factor_rows=step.factor_rows,
        scales=kernels.scales + (1.0,) * (len(kernels.scales) * len(parameters)),
        controlled=len(kernels.states),
        directions=Directions(
            count=len(parameters),
            rhs=written["rhs_along"],
            solve=written["solve_along"],
            stage=written["stage_along"],
            inputs=len(kernels.inputs),
            derived_first=step.derived_first,
            derived_rows=kernels.derived_rows + 1,
        ),
        **{name: written[name] for name in ARITY},
    )


def seeded(parameters: np.ndarray, rows: tuple[int, ...]) -> np.ndarray:
    """Parameters of the model, shape (P, K), followed by what `sensitivity_kernels` needs to know."""
    chosen = np.broadcast_to(np.array([len(rows), *rows], dtype=np.float64), (len(parameters), 1 + len(rows)))
    return np.concatenate([parameters, chosen], axis=1)


def sensitivity_text(kernels: Kernels, step: StepKernels) -> str:
    """Text of the module of kernels."""
    states, inputs = Block(0, len(kernels.states)), Block(0, len(kernels.inputs))
    derived = Block(step.derived_first, kernels.derived_rows + 1, labelled=True)
    layouts: dict[str, tuple[Block | Seeds | None, ...]] = {
        "derive": (Seeds(len(kernels.parameters)), derived),
        "start": (derived, states),
        "observe": (states, inputs, derived, Block(0, len(kernels.observables))),
    }
    for name in ("margins", "doses", "calibrate"):
        layouts[name] = (derived, Block(0, kernels.rows_of(name)))
    texts = {name: tangent_kernel(name, getattr(kernels, name), layout) for name, layout in layouts.items()}
    texts.update(step.texts)
    head = _HEAD.format(name=kernels.name, words=", ".join(simd.__all__), tables=step.tables)
    return "\n\n".join([head, *(texts[name] + "\n" for name in (*ARITY, *_ALONG))])


@cache
def _written(kernels: Kernels) -> tuple[StepKernels, dict[str, Any]]:
    step = step_kernels(kernels)
    module = module_of(sensitivity_text(kernels, step), "sensitivities")
    return step, {name: getattr(module, name) for name in (*ARITY, *_ALONG)}
