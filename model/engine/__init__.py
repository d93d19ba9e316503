"""Batched ODE solvers that know no biology."""
