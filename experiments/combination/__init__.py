"""Combinations: the same persons under each part, all parts and none, and synergy against stated nulls."""
