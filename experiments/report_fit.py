"""Report of a fit: one HTML file with what was learnt, what was missed, and how far to trust it."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

from ..fitting.fit_result import FitResult
from ..fitting.problem import load_problem, shipped_problems
from ..model.definition.parameters import load_parameters
from .fit_words import by_verdict, groups_words, miss_sentence, misses, seconds_of, trust_sentence
from .learnt_words import open_profiles
from .report_figure import figure_section
from .report_fit_figures import fit_figures
from .report_fit_learnt import learnt_sections
from .report_fit_tables import checks_table, diagnostics_table, parameters_table, unseen_table
from .report_page import Html, element, join, page, save_page


def write_fit_report(result: FitResult, path: str | Path) -> Path:
    """Write the report of a fit as one HTML file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    return save_page(path, render_fit(result))


def render_fit(result: FitResult) -> str:
    """Return the report of a fit as the text of an HTML page.

    The page loads nothing and runs nothing; the same result gives the same text.
    """
    body = [*_opening(result), *_missed(result), *_not_identified(result)]
    body.append(element("h2", "Figures"))
    for count, figure in enumerate(fit_figures(result), start=1):
        body.append(figure_section(figure, count))
    body += [*learnt_sections(result), *_tables(result), *_provenance(result)]
    return page(f"{result.title} (fit)", body)


def _opening(result: FitResult) -> Iterator[Html]:
    cards = dict.fromkeys(name.partition(".")[0] for name in result.terms)
    learnt = sum(item.identified for item in result.learnt)
    yield element("h1", result.title)
    yield element(
        "p",
        f"A fit of {len(result.names)} parameters to {len(result.terms)} observations of {len(cards)} "
        f"publications ({', '.join(cards)}), {result.patients:,} virtual patients an arm, seed "
        f"{result.seed}. Made with lag3ig {result.lag3ig_version}, {result.created}, in "
        f"{seconds_of(result):.0f} s.",
        class_="meta",
    )
    yield element("p", trust_sentence(result), class_="question" if result.trusted else "notice")
    out, checks = len(misses(result)), len(result.checks)
    yield element(
        "p",
        f"{learnt} of {len(result.learnt)} parameters were learnt from the data; the others are mostly what "
        f"was assumed before. {out} of {checks} printed numbers lie outside the central 95 % of replicate "
        "trials of the real size.",
        class_="question",
    )
    kinds = [item.kind for item in load_parameters().parameters.values()]
    yield element(
        "p",
        f"{kinds.count('assumed')} of the {len(kinds)} parameters of the table are assumed. A fit moves "
        "those that are free here and leaves the others, and the structure, as they were.",
        class_="notice",
    )


def _missed(result: FitResult) -> Iterator[Html]:
    yield element("h2", "What the fit misses")
    found = misses(result)
    if not found:
        yield element("p", "Every printed number lies in the central 95 % of replicate trials.")
        return
    yield element("ul", [element("li", miss_sentence(item, result)) for item in found])
    by_chance = 0.05 * len(result.checks)
    yield element(
        "p",
        f"Of {len(result.checks)} numbers about {by_chance:.1f} would lie outside by chance if model and "
        "trials agreed.",
    )


def _not_identified(result: FitResult) -> Iterator[Html]:
    yield element("h2", "What was not identified")
    verdicts = by_verdict(result)
    items = [
        element("li", f"{verdict}: {', '.join(item.name for item in learnt)}")
        for verdict, learnt in verdicts.items()
    ]
    yield element("ul", items)
    yield element(
        "p",
        "Learnt: the data took away at least half of the prior's variance. Not identified: less than a "
        "tenth, so the posterior is the prior, and every conclusion that rests on it rests on an assumption.",
    )
    unbounded = open_profiles(result)
    if unbounded:
        yield element(
            "p",
            "By its profile, with its own prior taken out, data do not bound a parameter on both sides: "
            f"{'; '.join(unbounded)}.",
        )


def _tables(result: FitResult) -> Iterator[Html]:
    yield element("h2", "Parameters")
    yield element("p", "Medians with their central 95 %; the top is the most likely point.")
    yield parameters_table(result)
    yield element("h2", "Printed numbers")
    yield element("p", "Replicate trials have the real number of patients and are drawn over the posterior.")
    yield checks_table(result)
    yield element("h2", "What no observation can tell apart")
    yield element(
        "p",
        "Within a group the parameters may change together by powers of one factor without any fitted "
        "quantity changing: only their combination can be learnt. Found from the equations; groups with a "
        "free parameter first.",
    )
    groups, alone = groups_words(result)
    yield element("ul", [element("li", group) for group in groups] or [element("li", "no such group")])
    if alone:
        yield element("p", f"No fitted observation tells anything of: {', '.join(alone)}.")
    if result.unseen:
        yield element("h2", "Observations that the model has nothing for")
        yield unseen_table(result)
    yield element("h2", "How the fit went")
    yield diagnostics_table(result)


def reproduce_command(result: FitResult) -> str:
    """Return the command that gives the same fit again."""
    name = result.problem_name
    same = name in shipped_problems() and load_problem(name)[1] == result.problem_text
    words = [
        "lag3ig",
        "fit",
        shlex.quote(name if same else f"{name}.toml"),
        "--patients",
        str(result.patients),
    ]
    effort = dict(result.diagnostics.get("effort", {}))
    for key in ("bank", "starts", "exact_draws", "rounds"):
        if key in effort:
            words += [f"--{key.replace('_', '-')}", str(effort[key])]
    for card in dict(result.diagnostics.get("filled", {})):
        words += ["--fill", shlex.quote(f"{card}={card}-slots.toml")]
    return " ".join(words)


def _provenance(result: FitResult) -> Iterator[Html]:
    yield element("h2", "How to make this again")
    yield element("pre", element("code", reproduce_command(result)))
    yield element(
        "p",
        "A problem that does not ship with the package stands below, and so does what was filled into slots "
        "of cards; save each under its name in the command.",
    )
    structure = dict(json.loads(result.structure))
    facts = {
        "lag3ig": result.lag3ig_version,
        "seed": str(result.seed),
        "made": result.created,
        "structure": ", ".join(f"{name} {option}" for name, option in structure.items()),
    }
    yield element("dl", [join(element("dt", name), element("dd", value)) for name, value in facts.items()])
    texts = {f"The problem {result.problem_name}": result.problem_text}
    filled = dict(result.diagnostics.get("filled", {}))
    texts |= {f"Slots filled of {card}": text for card, text in filled.items()}
    for name, text in texts.items():
        if text:
            yield element("details", element("summary", name), element("pre", element("code", text)))
