"""One self-contained HTML page: text escaped by construction, nothing loaded from anywhere."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from ..model.storage import write_whole

# No script, no address, no form: only what stands in the page itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_VOID = frozenset({"meta", "br", "hr"})


class Html(str):
    """Text that is markup already; every other text is escaped before it enters a page."""

    __slots__ = ()


def element(tag: str, *children: str | Iterable[str], **attributes: str) -> Html:
    """Return an element; children are escaped unless they are `Html`, attribute values always.

    An underscore at the end of an attribute's name falls away, one inside is a hyphen.

    >>> element("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    written = "".join(f' {name}="{escape(value)}"' for name, value in names.items())
    return Html(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*children: str | Iterable[str]) -> Html:
    """Return children one after another, escaped unless they are `Html`."""
    parts = []
    for child in children:
        if isinstance(child, Html):
            parts.append(str(child))
        elif isinstance(child, str):
            parts.append(escape(child))
        else:
            parts.append(str(join(*child)))
    return Html("".join(parts))


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    label: str,
    numeric: Sequence[int] = (),
    kind: str = "",
) -> Html:
    """Return a table in a box of its own, which scrolls sideways where the page is too narrow.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        Cells; the first of each row names it.
    label : str
        What the table holds, for those who hear the page.
    numeric : sequence of int
        Columns that are aligned to the right.
    kind : str
        ``"stacked"``: on a phone a row becomes a card instead of scrolling.
    """

    def cell(column: int, text: str) -> Html:
        attributes = {"data_label": head[column]}
        if column in numeric:
            attributes["class_"] = "number"
        if column == 0:
            return element("th", text, scope="row", **attributes)
        return element("td", text, **attributes)

    top = element(
        "tr",
        [
            element("th", name, scope="col", class_="number" if column in numeric else "text")
            for column, name in enumerate(head)
        ],
    )
    body = [element("tr", [cell(k, text) for k, text in enumerate(row)]) for row in rows]
    made = element("table", element("thead", top), element("tbody", body))
    return element("div", made, class_=f"box {kind}".strip(), tabindex="0", role="region", aria_label=label)


def page(title: str, body: Iterable[str], *, style: str = "") -> str:
    """Return the whole document.

    Parameters
    ----------
    title : str
        Name of the page.
    body : iterable of str
        Its content.
    style : str
        Rules added to the page's own, such as the colours of the arms.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Html(STYLE + style)),
    )
    return f'<!doctype html>\n<html lang="en">{head}{element("body", element("main", body))}</html>\n'


STYLE = """
:root {
  --paper: #ffffff; --ink: #1b1f24; --muted: #5a6571; --grid: #d8dde3; --panel: #f4f6f8;
  --response: #0b6e99; --stable: #7f9fb0; --progression: #c98b2b; --zero-dose: #7a7f85; --notice: #fff4d6;
  --figure-font: "DejaVu Sans", Verdana, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --ink: #e8ebee; --muted: #a3adb8; --grid: #343b43; --panel: #1e2329;
    --response: #4fb3dd; --stable: #8da7b5; --progression: #e0a544; --zero-dose: #9aa0a6; --notice: #3a3115;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 1010px; margin: 0 auto; padding: 24px 24px 64px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 1.3rem; margin: 48px 0 8px; padding-top: 12px; border-top: 1px solid var(--grid); }
h3 { font-size: 1.05rem; margin: 36px 0 4px; }
p, ul, dl { max-width: 46rem; margin: 8px 0; overflow-wrap: anywhere; }
li { margin: 4px 0; }
.question { font-size: 1.1rem; }
.meta, small, figcaption { color: var(--muted); }
small { display: block; font-size: 0.85rem; font-weight: 400; line-height: 1.4; }
.notice { background: var(--notice); padding: 10px 14px; border-left: 4px solid var(--progression);
  max-width: none; }
figure { margin: 4px 0 28px; }
figure svg { display: block; width: 100%; height: auto; }
figure .narrow { display: none; }
figcaption { max-width: 52rem; margin-top: 6px; font-size: 0.92rem; }
.box { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; font-size: 0.92rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 6px 14px 6px 0; overflow-wrap: normal;
  border-bottom: 1px solid var(--grid); }
thead th, thead th.number { color: var(--muted); font-weight: 600; vertical-align: bottom;
  white-space: normal; border-bottom: 1px solid var(--muted); }
tbody th { font-weight: 600; min-width: 5rem; }
.stacked td { min-width: 10rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
details { margin: 12px 0; }
summary { cursor: pointer; font-weight: 600; }
pre { background: var(--panel); padding: 12px; overflow-x: auto; font-size: 0.82rem; line-height: 1.45; }
code { font-size: 0.9em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; }
dt { color: var(--muted); } dd { margin: 0; }
@media (max-width: 700px) {
  main { padding: 16px 16px 48px; }
  figure .wide { display: none; }
  figure .narrow { display: block; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
  .stacked { overflow-x: visible; }
  .stacked thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stacked tr { display: block; padding: 10px 0; border-bottom: 1px solid var(--grid); }
  .stacked th, .stacked td { display: block; border: 0; padding: 1px 0; text-align: left;
    white-space: normal; }
  .stacked td::before { content: attr(data-label) ": "; color: var(--muted); }
}
@media print { details { display: none; } h3, figure { break-inside: avoid; } }
"""


def save_page(path: str | Path, text: str) -> Path:
    """Write a page as one file, whole or not at all, and return where it is.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    target = Path(path).expanduser()
    write_whole(target, text.encode("utf-8"))
    return target
