"""Batched ODE solvers that know no biology.

Eight patients are stepped side by side, one in each SIMD lane, every one with a time, a step and events of
its own. A model is a set of kernels (``contract``), written in the words of ``simd`` and compiled apart; the
engine is compiled once. ``batch`` is the front door. From the ground up: ``lanes``, ``lane_memory`` and
``lane_math`` are the lane type and its functions, ``compilation`` is the cache; ``tableaus``, ``explicit``,
``rosenbrock`` and ``control`` make one step; ``occupancy`` and ``integration`` run patients through lanes.
``sensitivity`` is a second front door, to derivatives with respect to parameters: ``kernel_text`` reads a
model's kernels, ``tangents`` and ``step_kernels`` differentiate them, and the same loop runs the result, with
``directions`` for what follows the states.
"""
