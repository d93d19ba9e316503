"""Settings of every test: examples are the same in each run, and a loaded machine fails none for being slow."""

from hypothesis import settings

settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")
