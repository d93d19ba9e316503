"""The model as SBML, by way of antimony: each named rate an assignment rule, each balance a rate rule."""

import ast
import inspect
import re
from collections.abc import Mapping, Sequence

from ...model.dosing import Regimen
from ...model.engine.contract import Kernel
from ...model.model import Model
from ..equations import body, derived_rows, statements_of

# As for a Taylor series, the base of a power is kept this far from 0: at 0 its derivative is not finite.
DISTANCE = 1e-8
_WORD = re.compile(r"[A-Za-z]\w*")


class _Prefixed(ast.NodeTransformer):
    """Names that no word of the language can collide with, functions under the language's own names."""

    def __init__(self, prefix: str, *, guarded: bool) -> None:
        self.prefix = prefix
        self.guarded = guarded

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(f"{self.prefix}_{node.id}", node.ctx)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        assert isinstance(node.value, ast.Name)
        assert isinstance(node.slice, ast.Constant)
        return ast.Name(f"{node.value.id}_{node.slice.value}", node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name)
        arguments = [self.visit(argument) for argument in node.args]
        if node.func.id == "maximum":
            return arguments[1]  # guards of logarithms that these patients never need
        if node.func.id == "power" and self.guarded:
            squared = f"sqrt(pow({ast.unparse(arguments[0])}, 2.0) + {DISTANCE**2})"
            arguments[0] = ast.parse(squared, mode="eval").body
        word = {"power": "pow", "log": "ln"}.get(node.func.id, node.func.id)
        return ast.Call(ast.Name(word, ast.Load()), arguments, [])


def rules(statements: Sequence[ast.stmt], prefix: str, stored: str, *, guarded: bool = False) -> list[str]:
    """Statements of a kernel as rules; ``stored`` begins that of a stored row, as in ``y_{row} =``."""
    lines = []
    for item in statements:
        assert isinstance(item, ast.Assign)
        (target,) = item.targets
        value = ast.unparse(_Prefixed(prefix, guarded=guarded).visit(item.value))
        if isinstance(target, ast.Name):
            lines.append(f"{prefix}_{target.id} := {value}")
        else:
            assert isinstance(target, ast.Subscript)
            assert isinstance(target.slice, ast.Constant)
            lines.append(f"{stored.format(row=target.slice.value)} {value}")
    return lines


def antimony_text(model: Model) -> str:
    """The equations alone, with all that depends on parameters alone as parameters."""
    kernels = model.kernels
    lines = [f"y_{row} = 1.0" for row in range(len(kernels.states))]
    lines += [f"derived_{row} = 1.0" for row in range(derived_rows(kernels))]
    lines += [f"inputs_{row} = 0.0" for row in range(len(kernels.inputs))]
    return _model(lines + rules(body(kernels), "m", "y_{row}' ="))


def whole_text(model: Model, regimen: Regimen) -> str:
    """The model from its own parameters on: what they imply, the start without drug, doses with their lag."""
    kernels = model.kernels
    lines = [f"parameters_{row} = 1.0" for row in range(len(kernels.parameters))]
    lines += [f"inputs_{row} = {value}" for row, (_, value) in enumerate(kernels.inputs)]
    implied = rules(_of(kernels.derive), "d", "derived_{row} :=")
    # AMICI knows no rule within a dose, so what the route's rows are is written out in parameters.
    known = dict(line.split(" := ") for line in implied + rules(_of(kernels.doses), "o", "out_{row} :="))
    lines += implied
    lines += rules(_of(kernels.start), "s", "y_{row} =")
    lines += rules(body(kernels), "m", "y_{row}' =", guarded=True)
    for given in regimen.administrations():
        number, route = next((n, route) for n, route in enumerate(model.routes) if route.drug == given.drug)
        state = f"y_{kernels.states.index(route.state)}"
        scale, share, lag = (_written_out(f"out_{3 * number + row}", known) for row in range(3))
        lines.append(
            f"at (time >= {given.time} + {lag}): {state} = {state} + {given.amount} * {scale} * {share}"
        )
    return _model(lines)


def _written_out(name: str, known: Mapping[str, str]) -> str:
    """Expression of a name without any name that has a rule."""
    if name not in known:
        return name
    return "(" + _WORD.sub(lambda found: _written_out(found[0], known), known[name]) + ")"


def sbml(text: str) -> str:
    """A text of antimony as SBML.

    Raises
    ------
    RuntimeError
        If antimony does not accept its text.
    """
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise RuntimeError(antimony.getLastError())
    return str(antimony.getSBMLString("lag3ig"))


def _of(kernel: Kernel) -> list[ast.stmt]:
    return statements_of(inspect.getsource(kernel.function))


def _model(lines: Sequence[str]) -> str:
    """Text of a model, without what a solver would compute for nothing: second names, and rules unread."""
    known = dict(line.split(" := ") for line in lines if " := " in line)
    second = {name: value for name, value in known.items() if _WORD.fullmatch(value)}

    def first(name: str) -> str:
        return first(second[name]) if name in second else name

    kept = [
        _WORD.sub(lambda found: first(found[0]), line)
        for line in lines
        if line.split(" := ")[0] not in second
    ]
    rules_of = {line.split(" := ")[0]: line for line in kept if " := " in line}
    wanted = [line for line in kept if " := " not in line]
    read: set[str] = set()
    while wanted:
        fresh = {word for line in wanted for word in _WORD.findall(line)} - read
        read |= fresh
        wanted = [rules_of[name] for name in fresh if name in rules_of]
    kept = [line for line in kept if " := " not in line or line.split(" := ")[0] in read]
    return "model lag3ig\n" + "".join(f"  {line};\n" for line in kept) + "end\n"
