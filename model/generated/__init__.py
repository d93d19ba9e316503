"""Kernels written by lag3ig.model.symbolic.emit; never edited by hand."""
