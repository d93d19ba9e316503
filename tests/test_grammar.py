"""The grammar of expressions means what Python means by them, and refuses everything else."""

import ast
import contextlib
import math

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from lag3ig.model.errors import ModelError
from lag3ig.model.symbolic.grammar import FUNCTIONS, parse

NAMES = frozenset({"x", "y", "k", "Asc", "ka"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x.real", "Attribute 'x.real'"),
        ("__import__('os').system('true')", "not allowed|allowed:"),
        ("eval('1')", "call of 'eval'"),
        ("exp(x=1)", "call of 'exp'"),
        ("exp(x, y)", r"exp takes 1 argument\(s\), not 2"),
        ("minimum(x)", r"minimum takes 2 argument\(s\), not 1"),
        ("[x for x in y]", "ListComp"),
        ("x if y else k", "IfExp"),
        ("x < y", "Compare"),
        ("x and y", "BoolOp"),
        ("lambda: x", "Lambda"),
        ("x[0]", "Subscript"),
        ("'x'", "is not a number"),
        ("True", "is not a number"),
        ("1j", "is not a number"),
        ("~x", "operator Invert"),
        ("x // y", "operator FloorDiv"),
        ("x @ y", "operator MatMult"),
        ("9**9**9", "a power in an exponent"),
        ("x**17", "exponent 17 is above 16"),
        ("x**(2+99)", "exponent 99 is above 16"),
        ("1e301", "too large a number"),
        ("9" * 390, "too large a number"),
        ("x" + "+x" * 300, "at most 400"),
        ("+".join(["x"] * 150), "too large"),
        ("-" * 60 + "x", "too large"),
        ("x +", "is not an arithmetic expression"),
        ("x = y", "is not an arithmetic expression"),
        ("S", "unknown name 'S'"),
        ("sin(x)", "call of 'sin'"),
    ],
)
def test_grammar_refuses_what_is_not_arithmetic(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        parse(text, "a trial", NAMES)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(ModelError):
        assert set(parse(text, "a trial", NAMES).names()) <= NAMES


def expressions() -> st.SearchStrategy[str]:
    leaves = st.one_of(
        st.sampled_from(["x", "y", "k"]),
        st.integers(1, 9).map(str),
        st.floats(0.1, 9.0).map(lambda value: repr(round(value, 3))),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({''.join(parts)})"),
            inner.map(lambda part: f"exp(-{part})"),
            inner.map(lambda part: f"({part})**2"),
            st.tuples(inner, inner).map(lambda parts: f"maximum({parts[0]},{parts[1]})"),
        ),
        max_leaves=8,
    )


@settings(deadline=None)
@given(expressions(), st.floats(0.5, 2.0), st.floats(0.5, 2.0), st.floats(0.5, 2.0))
def test_expression_means_what_python_says(text: str, x: float, y: float, k: float) -> None:
    """By number, and by the algebra library, against Python's own arithmetic on the same text."""
    values = {"x": x, "y": y, "k": k}
    parsed = parse(text, "a trial", frozenset(values))
    functions = {"exp": math.exp, "maximum": max}
    try:
        wanted = eval(compile(ast.parse(text, mode="eval"), "a trial", "eval"), functions | values)
    except (ZeroDivisionError, OverflowError):
        return
    assert parsed.evaluate(values) == wanted
    table = {name: sympy.Symbol(name, real=True) for name in values}
    algebra = float(
        parsed.to_sympy(table)
        .subs({table[name]: sympy.Float(value, 40) for name, value in values.items()})
        .evalf(40)
    )
    # Cancellation can lose digits in floats, so the scale is that of the largest intermediate value.
    scale = max(abs(wanted), *(abs(value) for value in intermediate(text, functions | values)))
    assert algebra == pytest.approx(wanted, rel=1e-9, abs=1e-12 * scale) or scale > 1e12


def intermediate(text: str, values: dict) -> list[float]:
    nodes = [
        node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.BinOp | ast.Call)
    ]
    return [eval(compile(ast.Expression(node), "a trial", "eval"), dict(values)) for node in nodes] or [0.0]


def test_functions_of_the_grammar_are_listed() -> None:
    assert set(FUNCTIONS) == {"exp", "log", "sqrt", "minimum", "maximum"}
