"""Cohorts with curves made by hand, to set what is predicted of them beside samples."""

import json

import numpy as np

from lag3ig.fitting.cards import CardArm
from lag3ig.fitting.course import Cohort, Course
from lag3ig.fitting.predictions import Prediction
from lag3ig.model import load_model

DAYS = np.array([0.0, 14.0, 28.0, 42.0])


def arm(**changes):
    """An arm with blood on `DAYS` and no scans."""
    design = {
        "id": "arm",
        "n": 30,
        "blood": ["0 d", "14 d", "28 d", "42 d"],
        "plasma": ["0 d", "1 d", "2 d"],
        **changes,
    }
    return CardArm.model_validate_json(json.dumps(design))


def predicted(curves, *, patients=None, seed=1, **changes):
    """Prediction of a cohort whose true curves are given: observable to array of shape (P, visits)."""
    patients = patients or len(next(iter(curves.values())))
    cohort = Cohort(arm(**changes), observables=tuple(curves), patients=patients, seed=seed)
    course = Course(cohort.times, curves, np.full(patients, 3.0), 0, {})
    return Prediction(cohort, course, load_model())
