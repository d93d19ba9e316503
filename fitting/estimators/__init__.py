"""Ways to the likeliest parameters and to all likely ones, for any posterior as `posterior` describes it."""
