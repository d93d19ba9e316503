"""Settings of every test: the same examples in each run, and no failure because a machine is busy."""

from hypothesis import settings

settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")
