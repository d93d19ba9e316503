"""Report of a trial: one HTML file with its figures, tables, assumptions and provenance."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from ..model.storage import check_writable
from .failures import failure_sentences
from .figure_style import WIDE, dose_colours
from .protocol import Protocol, load_protocol, parse_protocol, shipped_protocols
from .replicates import fisher_tables
from .report_biology import biology_figures
from .report_figure import figure_section, tuned_sentence
from .report_fitted import fit_notice, uncertainty_section
from .report_outcome import outcome_figures
from .report_page import Html, element, join, page, save_page
from .report_tables import (
    beside_table,
    failed_table,
    failures_table,
    parameters_table,
    population_table,
    splits_table,
    structure_table,
)
from .results import TrialResult
from .table import published_count


def write_report(result: TrialResult, path: str | Path) -> Path:
    """Write the report of a result as one HTML file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    return save_page(path, render(result))


def write_figures(result: TrialResult, folder: Path) -> list[Path]:
    """Write every figure of the report as an SVG file of its own and return where they are.

    Raises
    ------
    StorageError
        If they cannot be written there.
    """
    from .figure_file import save_figure

    protocol = parse_protocol(result.protocol_text, name="the protocol in the result").protocol
    paths = []
    for figure in (*outcome_figures(result, protocol), *biology_figures(result, protocol)):
        paths.append(check_writable(folder / f"{figure.name}.svg"))
        save_figure(figure.draw(WIDE), paths[-1])
    return paths


def render(result: TrialResult) -> str:
    """Return the report of a result as the text of an HTML page.

    The page loads nothing and runs nothing; the same result gives the same text.

    Raises
    ------
    ProtocolError
        If the protocol inside the result does not hold together.
    """
    protocol = parse_protocol(result.protocol_text, name="the protocol in the result").protocol
    body = [*_opening(result, protocol)]
    doses = [arm.dose for arm in result.arms.values()]
    body.append(element("h2", "Figures"))
    figures = [*outcome_figures(result, protocol), *biology_figures(result, protocol)]
    for number, figure in enumerate(figures, start=1):
        body.append(figure_section(figure, number, doses))
    body += uncertainty_section(result)
    body += _behind(result)
    body += _provenance(result)
    return page(f"{protocol.title} (virtual trial)", body, style=_arm_colours(doses))


def _arm_colours(doses: list[float]) -> str:
    light = "".join(f"--arm-{arm}:{colour};" for arm, colour in enumerate(dose_colours(doses)))
    dark = "".join(f"--arm-{arm}:{colour};" for arm, colour in enumerate(dose_colours(doses, dark=True)))
    return f":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}"


def _opening(result: TrialResult, protocol: Protocol) -> Iterator[Html]:
    count = result.patients.ids.size
    trials = max((len(values) for values in result.replicates.values()), default=0)
    yield element("h1", protocol.title)
    if protocol.question:
        yield element("p", protocol.question, class_="question")
    yield element(
        "p",
        f"A virtual trial: {count:,} virtual patients in each of {len(result.arms)} arms, {trials:,} "
        f"replicate trials of the real size, seed {result.seed}. Made with lag3ig {result.lag3ig_version}, "
        f"{result.created}.",
        class_="meta",
    )
    yield element("p", result.caution, class_="notice")
    yield from fit_notice(result)
    failed = result.failures
    if failed:
        lost = f"{failed:,} of {count * len(result.arms):,} simulations failed and are left out: see below."
        yield element("p", lost, class_="notice")
    yield element("h2", "Published beside model")
    yield beside_table(result)
    yield element("ul", [element("li", sentence) for sentence in _honest(result, protocol)])


def _honest(result: TrialResult, protocol: Protocol) -> Iterator[str]:
    """What a reader must know before the figures are believed."""
    card = protocol.card()
    low, high = published_count(card, "stable_low"), published_count(card, "stable_high")
    if low is not None and high is not None:
        yield (
            f"{high.published} and {low.published} are weak data: exact 95 % intervals "
            f"{100 * high.share.lower:.1f}–{100 * high.share.upper:.1f} % and "
            f"{100 * low.share.lower:.1f}–{100 * low.share.upper:.1f} %, not randomised. "
            f"{tuned_sentence(result, protocol, high.published.replace(' of ', '/'))}"
        )
        if card is not None and "p_one_sided" in card:
            printed = card.observation("p_one_sided").published
            two_sided = fisher_tables(low.number, high.number)[1][low.count, high.count]
            yield (
                f"The published {printed} is Fisher's exact test, one-sided; two-sided it is {two_sided:.3g}."
            )
    if card is not None:
        yield f"Published: {card.source}; read: {card.source.read}."
        yield "Exposure and potency are confounded: only their ratio matters to every effect shown here."
    if protocol.parameters:
        changed = ", ".join(f"{symbol} = {value}" for symbol, value in protocol.parameters.items())
        replaced = "the shipped set" if result.sets is None else "the fit, in every draw"
        yield f"This protocol replaces parameters of {replaced}: {changed}."


def _behind(result: TrialResult) -> Iterator[Html]:
    if result.summary["splits"]:
        yield element("h2", "If the patients were distributed otherwise")
        yield element(
            "p",
            "How many patients each dose had is assumed. Here are the same virtual arms under other splits: "
            "mean numbers of stable patients, and shares of replicate trials.",
        )
        yield splits_table(result)
    yield element("h2", "Patients that could not be solved")
    yield failures_table(result)
    said = [element("li", sentence) for sentence in failure_sentences(result)]
    if said:
        yield element("ul", said)
    if result.failed_against_rest:
        yield element(
            "details",
            element("summary", "Parameters in which the failed patients differ most from the others"),
            element(
                "p",
                "Difference of the medians, in standard deviations of the others, on the scale on which the "
                "parameter is normal; by chance: its standard error if failing had nothing to do with it.",
            ),
            failed_table(result),
        )
    yield element("h2", "Virtual patients: declared against realised")
    redrawn = int((result.patients.attempts > 1).sum())
    yield element(
        "p",
        f"{redrawn:,} of {result.patients.ids.size:,} patients were drawn again because the first draw broke "
        "a rule of plausibility. Spread: coefficient of variation of a log-normal, standard deviation of the "
        "logit of a logit-normal."
        + (
            ""
            if result.sets is None
            else " Declared: at the posterior medians; realised: over the patients of all draws."
        ),
    )
    yield element(
        "details",
        element("summary", "Medians and spreads of each parameter that varies"),
        population_table(result),
    )
    yield element("h2", "Structure and parameters")
    yield structure_table(result)
    kinds = [str(item["kind"]) for item in result.parameters]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    yield element(
        "details", element("summary", f"All {len(kinds)} parameters: {counted}"), parameters_table(result)
    )


def reproduce_command(result: TrialResult) -> str:
    """Return the command that gives the same result again."""
    shipped = result.protocol_name in shipped_protocols()
    same = shipped and load_protocol(result.protocol_name).text == result.protocol_text
    name = result.protocol_name if same else f"{result.protocol_name}.toml"
    trials = max((len(values) for values in result.replicates.values()), default=0)
    history = int(result.summary["natural_history"]["patients"])
    return (
        f"lag3ig run {shlex.quote(name)} --seed {result.seed} --patients {result.patients.ids.size} "
        f"--replicates {trials} --history-patients {history}{_parameters_option(result)}"
    )


def _parameters_option(result: TrialResult) -> str:
    if result.sets is None:
        return ""
    return f" --parameters {shlex.quote(result.sets.asked)} --draws {len(result.sets)}"


def _provenance(result: TrialResult) -> Iterator[Html]:
    yield element("h2", "How to make this again")
    yield element("pre", element("code", reproduce_command(result)))
    yield element(
        "p",
        "The same seed gives the same bits for any number of threads on the same target. A protocol that "
        "does not ship with the package stands below; save it under the name in the command.",
    )
    if result.sets is not None:
        yield element(
            "p",
            "The result file holds the draws of the fit that were used; --parameters RESULT.h5 takes them.",
        )
    facts = {
        "lag3ig": result.lag3ig_version,
        "seed": str(result.seed),
        "made": result.created,
        "model hash": result.model_hash,
        **({} if result.sets is None else {"fit hash": result.sets.hash}),
        "versions": ", ".join(f"{name} {number}" for name, number in result.versions.items()),
        "target": ", ".join(f"{name} {value}" for name, value in result.target.items()),
    }
    yield element("dl", [join(element("dt", name), element("dd", value)) for name, value in facts.items()])
    yield element(
        "details",
        element("summary", f"The protocol {result.protocol_name}"),
        element("pre", element("code", result.protocol_text)),
    )
    if result.sets is not None:
        yield element(
            "details",
            element("summary", f"The problem of the fit {result.sets.name}"),
            element("pre", element("code", result.sets.problem_text)),
        )
