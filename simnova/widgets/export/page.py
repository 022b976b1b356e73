"""The page: a player in one HTML file that needs no kernel and no network.

It holds the same scripts and styles as the widget, and the film of a run in the place of Python.
"""

from __future__ import annotations

from string import Template
from typing import Any, Final, NamedTuple

from simnova import __version__
from simnova.exceptions import UsageError
from simnova.observe import palette, story
from simnova.observe.markup import escape, plain, shorten
from simnova.widgets import static, twin
from simnova.widgets.export.film import REMEDY, cut, film
from simnova.widgets.export.parts import packed
from simnova.widgets.reel import Reel

BYTES: Final = 40_000_000
"""A page is no larger: browsers open it, and so do mailboxes."""
_TEMPLATE: Final = Template((static.HERE / "page.html").read_text())


class Told(NamedTuple):
    """What a page says about itself: its title, and the Python or the command that makes the same run again."""

    title: str = ""
    again: str = ""


def page(
    reel: Reel,
    step: int,
    state: dict[str, Any],
    told: Told = Told(),  # noqa: B008 - it never changes
    first: int | None = None,
    last: int | None = None,
) -> str:
    """The text of the file: it opens at `step`, or at the one in its address, and begins with `state`.

    Raises `UsageError` where it would have more than 3,000 steps or 40 MB.
    """
    part = cut(reel, first, last)
    step = part.nearest(step)
    text = _TEMPLATE.substitute(
        title=escape(told.title or titled(part)),
        style=f"{palette.css('.simnova-page')}{palette.css('.simnova-player')}\n{static.page_style()}",
        script=static.page_script(),
        film=packed({**film(part, state), "at": step}),
        picture=twin.draw(part, step),
        steps=f"{len(part.places):,} steps ({part.detail})",
        version=__version__,
        again=again(told.again),
    )
    if len(text) > BYTES:
        raise UsageError(
            f"this page would have {len(text) / 1e6:.0f} MB, {BYTES / 1e6:.0f} are the most: {REMEDY}"
        )
    return text


def titled(reel: Reel) -> str:
    """What the run is about: what was asked first."""
    if not reel.places:
        return "SimNova"
    return shorten(f"SimNova: {plain(story.sentence(reel.journal, reel.opening))}", 100)


def again(code: str) -> str:
    """What makes the same run again, folded; nothing where nobody knows."""
    if not code:
        return ""
    return (
        f"<details><summary>The same run again</summary>"
        f'<button type="button" class="copy-code">copy</button><pre>{escape(code)}</pre></details>'
    )
