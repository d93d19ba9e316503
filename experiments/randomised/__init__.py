"""Randomised trials of two arms: how they are run, how often they succeed, and how sure one can be."""
