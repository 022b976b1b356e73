"""Text put safely into HTML and SVG: a server's name may hold `<script>`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from simnova.observe import palette

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

_MATHS = re.compile(r"[$\\]")
_NO_MATHS = "mathjax_ignore tex2jax_ignore"
"""Classes by which MathJax 3 and 2 know that dollars and backslashes are no formula."""

_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def clean(value: object) -> str:
    """A value as text without the control characters that XML or a terminal would stumble over."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))


def plain(value: object) -> str:
    """A value as clean text of one line."""
    return clean(" ".join(str(value).split()))


def escape(value: object) -> str:
    """A value as text inside an element or a quoted attribute."""
    return html.escape(clean(value), quote=True)


def short(name: object) -> str:
    """A name with each long number in it cut to its first digits: reply_5e482125…"""
    return _ID.sub(lambda found: f"{found[0][:8]}…", str(name))


def shorten(text: str, width: int) -> str:
    """The text, cut to `width` characters with an ellipsis."""
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def element(name: str, content: str = "", **attributes: object) -> str:
    """One element; `content` is markup, attribute values are text, `class_` is class and `a_b` is
    a-b. A notebook typesets none of it as a formula.
    """
    if _MATHS.search(content):
        attributes["class_"] = f"{attributes.get('class_') or ''} {_NO_MATHS}".strip()
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def number(value: float) -> str:
    """A coordinate with at most one decimal, so that a drawing is the same text everywhere."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def svg(width: float, height: float, title: str, style: str, parts: Iterable[str]) -> str:
    """A drawing that stands by itself: its own style, ground and title, no script and nothing from
    outside; in real colours, which a browser exchanges for those of a dark theme.
    """
    size = f"{number(width)} {number(height)}"
    ground = element("rect", class_="paper", width="100%", height="100%", rx=6)
    rules = (
        ".simnova text{font:12px system-ui,sans-serif;fill:var(--sn-ink)}"
        ".simnova .paper{fill:var(--sn-paper)}.simnova .muted{fill:var(--sn-muted)}"
    )
    body = "".join(parts)
    css = palette.css(".simnova") + palette.standalone(rules + style) + palette.inline(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="simnova" role="img" viewBox="0 0 {size}" '
        f'width="{number(width)}" height="{number(height)}">'
        f"<title>{escape(title)}</title><style>{css}</style>{ground}{palette.on_white(body)}</svg>"
    )
