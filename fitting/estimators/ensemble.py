"""Draws of a posterior by several independent ensembles of walkers, until they agree or may not go on."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model.errors import ParameterError
from .convergence import effective_size, r_hat
from .posterior import Posterior, log_posteriors, prior_points

Array = NDArray[np.float64]

AGREED = 1.01  # R-hat below which chains agree; reference 1 of `convergence`
FIRST_STEPS = 100  # before agreement is looked at for the first time
MORE_STEPS = 1.5  # times as many steps before it is looked at again
KEPT = 0.5  # of the steps: the first are on the way from where walkers began
GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
MOST_STARTS = 20  # points of the prior tried for each walker before sampling is given up


@dataclass(frozen=True, slots=True)
class EnsembleDraws:
    """Draws of a posterior: C ensembles, T kept steps, W walkers, n parameters.

    Attributes
    ----------
    chains : ndarray, shape (C, T, W, n)
        On the free scale.
    values : ndarray, shape (C, T, W)
        Log-posterior of each.
    r_hat, effective_size : ndarray, shape (n,)
    evaluations : int
    acceptance : float
        Share of proposals accepted.
    converged : bool
    reason : str
        Why sampling ended.
    """

    chains: Array
    values: Array
    r_hat: Array
    effective_size: Array
    evaluations: int
    acceptance: float
    converged: bool
    reason: str

    @property
    def draws(self) -> Array:
        """All draws, the steps of all walkers one after the other; shape (R, n)."""
        return self.chains.reshape(-1, self.chains.shape[-1])

    def pick(self, count: int) -> tuple[Array, Array]:
        """Draws evenly over ensembles, steps and walkers, shape (count, n); and their log-posterior.

        Taken at equal distances they could all be of one walker. Each has its place within its share of the
        draws, which the golden ratio moves.

        Raises
        ------
        ParameterError
            If there are not so many.
        """
        total = self.values.size
        if not 1 <= count <= total:
            raise ParameterError(f"{count} draws are asked for; there are {total}")
        order = np.arange(count)
        places = np.floor((order + (order + 0.5) * GOLDEN % 1.0) * total / count).astype(int)
        return self.draws[places], self.values.reshape(-1)[places]


def sample(
    posterior: Posterior,
    *,
    seed: int,
    start: ArrayLike | None = None,
    ensembles: int = 4,
    walkers: int | None = None,
    asked: float = 1000.0,
    most_evaluations: int = 400_000,
) -> EnsembleDraws:
    """Sample until R-hat is below 1.01 and the effective size is what was asked, for every parameter.

    Half the proposals are stretches; the others jump along differences of walkers. None of them minds what
    scale parameters have or how they are correlated.

    Parameters
    ----------
    posterior : Posterior
        Evaluated at all moving walkers at once where it has ``many``.
    seed : int
    start : array_like, shape (R, n), optional
        Points to begin from, before points of the prior; impossible ones are passed over.
    ensembles : int
        Independent ensembles; at least two.
    walkers : int, optional
        Of each ensemble; even, and at least twice the number of parameters.
    asked : float
        Effective size.
    most_evaluations : int
        After which sampling ends and says so.

    Raises
    ------
    ParameterError
        If the numbers contradict each other, or too few points are possible to begin from.

    References
    ----------
    1. Foreman-Mackey, Hogg, Lang, Goodman: emcee: the MCMC hammer. Publications of the Astronomical Society
       of the Pacific 125 (2013) 306, doi:10.1086/670067
    2. Goodman, Weare: Ensemble samplers with affine invariance. Communications in Applied Mathematics and
       Computational Science 5 (2010) 65, doi:10.2140/camcos.2010.5.65
    """
    dimensions = len(posterior.free_parameters)
    many = walkers or max(2 * dimensions + 2, 24)
    if ensembles < 2 or many % 2 or many < 2 * dimensions:
        raise ParameterError(
            f"{ensembles} ensembles of {many} walkers cannot be compared: at least 2 are needed, with an "
            f"even number of walkers from {2 * dimensions} on"
        )
    origins, tried = _origins(posterior, start, ensembles * many, seed)
    samplers = [_sampler(posterior, many, dimensions) for _ in range(ensembles)]
    states = [_state(origins[place::ensembles], seed, place) for place in range(ensembles)]
    steps, evaluations = 0, tried
    wanted = FIRST_STEPS
    while True:
        left = (most_evaluations - evaluations) // (ensembles * many)
        further = max(min(wanted - steps, left), 1)
        states = [
            sampler.run_mcmc(state, further, progress=False, skip_initial_state_check=True)
            for sampler, state in zip(samplers, states, strict=True)
        ]
        steps += further
        evaluations += further * ensembles * many
        found = _kept(samplers, steps)
        hats, sizes = _agreement(found[0])
        done = bool((hats < AGREED).all() and (sizes >= asked).all())
        if done or evaluations + ensembles * many > most_evaluations:
            break
        wanted = int(np.ceil(MORE_STEPS * steps))
    acceptance = float(np.mean([sampler.acceptance_fraction for sampler in samplers]))
    said = f"R-hat {hats.max():.3f}, effective size {sizes.min():.0f}"
    reason = said if done else f"{most_evaluations} evaluations exhausted: {said}"
    return EnsembleDraws(*found, hats, sizes, evaluations, acceptance, done, reason)


def _origins(posterior: Posterior, start: ArrayLike | None, count: int, seed: int) -> tuple[Array, int]:
    """Possible points to begin from, shape (count, n), and how many were tried."""
    dimensions = len(posterior.free_parameters)
    given = np.empty((0, dimensions)) if start is None else np.asarray(start, dtype=np.float64)
    given = np.unique(given, axis=0)
    possible = given[np.isfinite(log_posteriors(posterior, given))] if len(given) else given
    if len(possible) >= count:
        places = np.floor((np.arange(count) + 0.5) * len(possible) / count).astype(int)
        return np.random.default_rng(seed).permutation(possible[places]), len(given)
    points = prior_points(posterior.free_parameters, MOST_STARTS * count, seed=seed)
    tried = len(given)
    for block in np.split(points, MOST_STARTS):
        tried += len(block)
        possible = np.concatenate([possible, block[np.isfinite(log_posteriors(posterior, block))]])
        if len(possible) >= count:
            return np.random.default_rng(seed).permutation(possible[:count]), tried
    raise ParameterError(
        f"sampling cannot begin: of {tried} points only {len(possible)} are possible, and {count} walkers "
        "need one each; give points about the likeliest one"
    )


def _sampler(posterior: Posterior, walkers: int, dimensions: int) -> Any:
    import emcee  # a quarter of a second that other estimators need not pay

    moves = [
        (emcee.moves.StretchMove(), 0.5),
        (emcee.moves.DEMove(), 0.4),
        (emcee.moves.DESnookerMove(), 0.1),
    ]
    return emcee.EnsembleSampler(
        walkers, dimensions, partial(log_posteriors, posterior), vectorize=True, moves=moves
    )


def _state(origins: Array, seed: int, place: int) -> Any:
    import emcee

    words = np.random.SeedSequence([seed, place]).generate_state(8)
    return emcee.State(origins, random_state=np.random.RandomState(words).get_state())


def _kept(samplers: list[Any], steps: int) -> tuple[Array, Array]:
    """Draws, shape (C, T, W, n), and log-posteriors, shape (C, T, W), of the later steps."""
    dropped = steps - max(int(np.ceil(KEPT * steps)), 1)
    chains = np.stack([sampler.get_chain(discard=dropped) for sampler in samplers])
    return chains, np.stack([sampler.get_log_prob(discard=dropped) for sampler in samplers])


def _agreement(chains: Array) -> tuple[Array, Array]:
    """R-hat and effective size of every parameter, shape (n,) each.

    Walkers of one ensemble depend on each other: R-hat compares ensembles, all walkers of each together. The
    effective size follows from how slowly each walker forgets.
    """
    count, steps, walkers, dimensions = chains.shape
    together = chains.reshape(count, steps * walkers, dimensions)
    alone = chains.transpose(0, 2, 1, 3).reshape(count * walkers, steps, dimensions)
    hats = [r_hat(together[:, :, place]) for place in range(dimensions)]
    sizes = [effective_size(alone[:, :, place]) for place in range(dimensions)]
    return np.array(hats), np.array(sizes)
