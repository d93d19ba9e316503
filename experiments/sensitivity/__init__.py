"""Sensitivity of trial endpoints: which assumed numbers move them, over all of them together."""
