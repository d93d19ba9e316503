"""Published cohorts and what can be learnt from them."""
