"""Dose and schedule: the same persons under every schedule of a grid, and how flat the best is."""
