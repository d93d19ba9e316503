"""libroadrunner: CVODE with a right-hand side compiled from SBML, which antimony writes."""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arm import ABSOLUTE, Arm, Floats, Solve, one_by_one
from ..equations import body, derived_rows
from ..problem import Problem

MAX_STEPS = 1_000_000


class _Prefixed(ast.NodeTransformer):
    """Names that no word of the language can collide with, functions under the language's own names."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(f"m_{node.id}", node.ctx)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        assert isinstance(node.value, ast.Name)
        assert isinstance(node.slice, ast.Constant)
        return ast.Name(f"{node.value.id}_{node.slice.value}", node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name)
        arguments = [self.visit(argument) for argument in node.args]
        if node.func.id == "maximum":
            return arguments[1]  # guards of logarithms that these patients never need
        word = {"power": "pow", "log": "ln"}.get(node.func.id, node.func.id)
        return ast.Call(ast.Name(word, ast.Load()), arguments, [])


def antimony_text(problem: Problem) -> str:
    """The model in antimony: each named rate an assignment rule, each balance a rate rule."""
    kernels = problem.model.kernels
    lines = [f"y_{row} = 1.0" for row in range(len(kernels.states))]
    lines += [f"derived_{row} = 1.0" for row in range(derived_rows(kernels))]
    lines += [f"inputs_{row} = 0.0" for row in range(len(kernels.inputs))]
    for item in body(kernels):
        assert isinstance(item, ast.Assign)
        (target,) = item.targets
        value = ast.unparse(_Prefixed().visit(item.value))
        if isinstance(target, ast.Name):
            lines.append(f"m_{target.id} := {value}")
        else:
            assert isinstance(target, ast.Subscript)
            assert isinstance(target.slice, ast.Constant)
            lines.append(f"y_{target.slice.value}' = {value}")
    return "model lag3ig\n" + "".join(f"  {line};\n" for line in lines) + "end\n"


def sbml(problem: Problem) -> str:
    """The model as SBML.

    Raises
    ------
    RuntimeError
        If antimony does not accept its text.
    """
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(antimony_text(problem)) < 0:
        raise RuntimeError(antimony.getLastError())
    return str(antimony.getSBMLString("lag3ig"))


def _prepare(problem: Problem) -> Solve:
    import roadrunner

    kernels = problem.model.kernels
    runner: Any = roadrunner.RoadRunner(sbml(problem))
    rows, states = derived_rows(kernels), len(kernels.states)
    names = list(runner.model.getGlobalParameterIds())
    place = {name: number for number, name in enumerate(names)}
    state_places = [place[f"y_{row}"] for row in range(states)]
    derived_places = [place[f"derived_{row}"] for row in range(rows)]
    input_places = [place[f"inputs_{row}"] for row in range(len(kernels.inputs))]
    runner.timeCourseSelections = [f"y_{row}" for row in range(states)]
    integrator = runner.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("maximum_num_steps", MAX_STEPS)

    def solver(patient: int, tolerance: float) -> Callable[[Floats, Floats, Floats], Floats]:
        model = runner.model
        runner.reset()
        model.setGlobalParameterValues(derived_places, problem.derived[patient, :rows].tolist())
        integrator.setValue("relative_tolerance", tolerance)
        integrator.setValue("absolute_tolerance", ABSOLUTE * tolerance)

        def cross(y: Floats, grid: Floats, inputs: Floats) -> Floats:
            model.setGlobalParameterValues(state_places, y.tolist())
            model.setGlobalParameterValues(input_places, inputs.tolist())
            return np.array(runner.simulate(times=grid.tolist()))

        return cross

    return one_by_one(problem, solver)


ARMS = (
    Arm(
        name="libroadrunner CVODE",
        package="libroadrunner",
        module="roadrunner",
        prepare=_prepare,
        tolerances=(1e-4, 1e-6, 1e-8, 1e-9),
        patients=16,
    ),
)
