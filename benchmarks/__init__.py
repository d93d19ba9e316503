"""Work and precision of the engine beside its peers: every answer is proved before it is timed.

Lives in the checkout only, never in the wheel: ``python -m lag3ig.benchmarks`` needs an editable install.
"""
