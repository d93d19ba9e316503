"""Equations as expressions: the only folder that imports sympy."""
