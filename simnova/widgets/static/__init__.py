"""The player's face: scripts and styles, read as they lie here and joined into one module and one sheet.

A notebook gets them with the widget, so no page asks for anything from elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SCRIPTS: Final = (
    "elements",
    "focus",
    "story",
    "sequence",
    "decision",
    "topology",
    "panel",
    "cloud",
    "state",
    "rows",
    "log",
    "why",
    "fork",
    "about",
    "controls",
    "kernel",
    "drawers",
    "desk",
    "save",
    "player",
)
"""In the order in which they build on each other; that of the views is that of their tabs."""
STYLES: Final = (
    "base",
    "controls",
    "drawers",
    "save",
    "story",
    "sequence",
    "decision",
    "topology",
    "panel",
    "cloud",
    "rows",
    "state",
    "why",
    "fork",
    "about",
    "narrow",
)


def script() -> str:
    """The one module that a browser runs."""
    return "\n".join((HERE / f"{name}.js").read_text() for name in SCRIPTS)


def style() -> str:
    """The one sheet of styles."""
    return "\n".join((HERE / f"{name}.css").read_text() for name in STYLES)


def page_script() -> str:
    """The module of a page that has no kernel: the same, with a model and an opening of its own."""
    more = (
        (HERE / f"{name}.js").read_text() for name in ("query", "walk", "sift", "still", "page")
    )
    return "\n".join([script(), *more])


def page_style() -> str:
    """The styles of such a page."""
    return f"{style()}\n{(HERE / 'page.css').read_text()}"
