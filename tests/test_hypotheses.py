"""Structures told apart: closed forms of toys, identical structures, sizes of trials, single persons."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from lag3ig.experiments.hypotheses.information import Bench
from lag3ig.experiments.hypotheses.likelihood import log_sum
from lag3ig.experiments.hypotheses.moments import moments_of, trials_of_persons
from lag3ig.experiments.hypotheses.readings import Persons, Reading

from .tolerances import BITS, ROUNDING, SAMPLING

DRAWS, EACH, TRIALS = 100, 60, 2_000
ONE = (Reading(0, "activated_cd8", 14.0),)
TWO_ARMS = (
    Reading(0, "activated_cd8", 14.0),
    Reading(0, "em_cd8_percent", 14.0),
    Reading(0, "stable_3m", np.nan),
    Reading(1, "activated_cd8", 14.0),
    Reading(1, "stable_3m", np.nan),
)


def toy(centres, spread, seed, *, readings=ONE, each=EACH, exact=True):
    """Persons of DRAWS draws around each centre; with ``exact`` of the mean and variance declared."""
    noise = np.random.default_rng(seed)
    ids = np.arange(DRAWS * each)
    pools = []
    moves = noise.normal(size=(DRAWS, len(readings)))
    moves = (moves - moves.mean(axis=0)) / moves.std(axis=0, ddof=1) if spread else moves
    persons = noise.normal(size=(each, DRAWS, len(readings)))
    if exact:
        persons = (persons - persons.mean(axis=0)) / persons.std(axis=0, ddof=1)
    for centre in centres:
        values = np.array(centre) + spread * moves + persons
        for place, item in enumerate(readings):
            if item.is_count:
                values[:, :, place] = values[:, :, place] > 0.0
        pools.append(moments_of(Persons(values.reshape(ids.size, -1), ids % DRAWS, DRAWS), readings))
    return pools


def bench_of(centres, spread, *, trials=TRIALS, **options):
    readings = options.get("readings", ONE)
    known, fresh = (toy(centres, spread, seed, **options) for seed in (1, 2))
    return Bench(readings, known, fresh, trials=trials, seed=5)


def gaussian_bits(distance, deviation):
    """Mutual information of a fair coin and a Gaussian whose mean it moves by ``distance``."""
    ratio = distance / deviation

    def lost(z):
        return stats.norm.pdf(z) * np.logaddexp(0.0, -ratio * (z + 0.5 * ratio)) / np.log(2.0)

    return 1.0 - integrate.quad(lost, -10.0, 10.0)[0]


@pytest.mark.parametrize(
    ("spread", "size"), [(0.0, 2), (0.0, 8), (0.5, 8), (0.5, 100)], ids=["few", "some", "open", "open, many"]
)
def test_a_gaussian_toy_has_the_error_and_the_information_of_its_closed_form(spread, size):
    distance, deviation = 1.0, np.sqrt(spread**2 + 1.0 / size)
    found = bench_of([(0.0,), (distance,)], spread).judge(np.array([0]), (size,))
    error = stats.norm.cdf(-0.5 * distance / deviation)
    independent = DRAWS if spread else TRIALS
    tolerance = SAMPLING * np.sqrt(error * (1.0 - error) / (2.0 * independent))
    assert abs(1.0 - found.right - error) < tolerance
    assert abs(found.bits - gaussian_bits(distance, deviation)) < SAMPLING * found.error + BITS


def test_a_count_has_the_information_of_its_binomial():
    readings = (Reading(0, "stable_3m", np.nan),)
    bench = bench_of([(-0.5,), (0.5,)], 0.0, readings=readings, exact=False)
    size = 10
    share = [float(np.mean(pool.means)) for pool in bench.fresh]
    chances = np.array([stats.binom.pmf(np.arange(size + 1), size, p) for p in share])
    mixed = chances.mean(axis=0)
    expected = float(np.mean((chances * np.log2(chances / mixed)).sum(axis=1)))
    found = bench.judge(np.array([0]), (size,))
    assert abs(found.bits - expected) < SAMPLING * found.error + BITS


def test_identical_structures_give_no_information_and_a_fair_choice():
    centre = (0.3, 0.1, 0.2, 0.4, 0.0)
    bench = bench_of([centre, centre], 0.3, readings=TWO_ARMS, trials=200)
    found = bench.judge(np.arange(5), (8, 8))
    assert abs(found.bits) < ROUNDING
    np.testing.assert_allclose(found.chosen, 0.5, rtol=ROUNDING)
    np.testing.assert_allclose(found.probability, 0.5, rtol=ROUNDING)


def test_structures_alike_but_for_their_draws_give_no_information_within_error():
    centre = (0.3,)
    one, other, fresh_one, fresh_other = (toy([centre], 0.3, seed)[0] for seed in (1, 2, 3, 4))
    bench = Bench(ONE, [one, other], [fresh_one, fresh_other], trials=400, seed=5)
    found = bench.judge(np.array([0]), (8,))
    assert abs(found.bits) < SAMPLING * found.error + BITS
    assert abs(found.right - 0.5) < SAMPLING * np.sqrt(0.25 / (2 * DRAWS))


def test_more_patients_never_tell_less():
    bench = bench_of([(0.0,) * 5, (0.3, 0.2, 0.2, 0.4, 0.3)], 0.3, readings=TWO_ARMS, trials=600)
    found = [bench.judge(np.arange(5), (size, size)) for size in (2, 4, 8, 16, 32, 64)]
    for fewer, more in pairwise(found):
        assert more.bits > fewer.bits - 2.0 * more.error


def test_single_persons_are_judged_as_gaussian_means_are():
    bench = bench_of([(0.0,), (1.0,)], 0.0, exact=False)
    sizes = (6,)
    single = [trials_of_persons(pool, ONE, sizes, count=TRIALS, seed=9) for pool in bench.fresh]
    found, told = bench.judge(np.array([0]), sizes), bench.judge(np.array([0]), sizes, single)
    assert abs(found.right - told.right) < SAMPLING * np.sqrt(0.5 / (2.0 * TRIALS))
    assert trials_of_persons(bench.fresh[0], ONE, (EACH + 1,), count=4, seed=9) is None


def test_nobody_takes_part_twice():
    values = np.arange(2.0 * DRAWS * 3)[:, None] ** 2 % 1009.0
    readings = (ONE[0], Reading(1, "activated_cd8", 14.0))
    ids = np.arange(len(values))
    pool = moments_of(Persons(np.repeat(values, 2, axis=1), ids % DRAWS, DRAWS), readings)
    found = trials_of_persons(pool, readings, (3, 3), count=DRAWS, seed=1)
    np.testing.assert_allclose(found.sum(axis=1) / 2.0, pool.means[:, 0], rtol=ROUNDING)


def test_means_of_many_simulated_patients_vary_as_their_persons_do():
    bench = bench_of([(0.0,) * 5, (1.0,) * 5], 0.0, readings=TWO_ARMS, exact=False)
    sizes = bench.sizes((9, 9))
    found = bench._checking[0].found(sizes, bench.is_count)
    samples = np.array([0, 1, 3])
    expected = bench.fresh[0].noise[np.ix_(samples, samples)] / 9.0
    between = np.cov(bench.fresh[0].means[:, samples].T)
    seen = np.cov(found[:, samples].T)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(seen - expected - between) / scale).max() < SAMPLING * np.sqrt(2.0 / TRIALS) + BITS


def test_a_sum_of_logarithms_is_that_of_the_numbers():
    terms = np.log(np.arange(1.0, 9.0)).reshape(2, 4)
    np.testing.assert_allclose(np.exp(log_sum(terms)), [10.0, 26.0], rtol=ROUNDING)
