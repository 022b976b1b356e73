"""The page: a player in one HTML file that needs no kernel and no network.

It holds the same scripts and styles as the widget, and the film of a run in the place of Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from string import Template
from typing import Any, Final, NamedTuple

from simnova.exceptions import UsageError
from simnova.observe import palette, story
from simnova.observe.markup import escape, plain
from simnova.widgets import static, twin
from simnova.widgets.export.film import REMEDY, film, held
from simnova.widgets.export.parts import packed
from simnova.widgets.fork import Fork
from simnova.widgets.reel import Reel

BYTES: Final = 40_000_000
"""A page is no larger: browsers open it, and so do mailboxes."""
VIEW: Final = "decision"
"""The view that is looked at first, unless somebody says another."""
_TEMPLATE: Final = Template((static.HERE / "page.html").read_text())


class Told(NamedTuple):
    """What a page begins with and says of itself: the state of its model, the run beside this one, the server that is
    watched, its title, and the Python or the command that makes the same run again.
    """

    state: Mapping[str, Any] = {}
    fork: Fork | None = None
    server: str = ""
    title: str = ""
    again: str = ""


def page(
    reel: Reel, step: int, told: Told, first: int | None = None, last: int | None = None
) -> str:
    """The text of the file: it opens at `step`, or at the one in its address.

    Raises `UsageError` where it would have more than 3,000 steps or 40 MB.
    """
    reels = held(reel, first, last)
    part = reels[0]
    step = part.nearest(step)
    text = _TEMPLATE.substitute(
        title=escape(told.title or titled(part)),
        style=f"{palette.css('.simnova-page')}{palette.css('.simnova-player')}\n{static.page_style()}",
        script=static.page_script(),
        film=packed(
            {**film(reels, {"view": VIEW, **told.state}, told.fork, told.server), "at": step}
        ),
        picture=twin.draw(part, step),
        steps=", ".join(f"{len(one.places):,} steps ({one.detail})" for one in reels),
        version=version("simnova"),
        again=again(told.again),
    )
    if len(text) > BYTES:
        raise UsageError(
            f"this page would have {len(text) / 1e6:.0f} MB, {BYTES / 1e6:.0f} are the most: {REMEDY}"
        )
    return text


def titled(reel: Reel) -> str:
    """What the run is about: the first request, or whatever came first."""
    asked = (seq for seq in reel.places if reel.journal[seq].kind == "http.request")
    seq = next(asked, reel.first)
    return f"SimNova: {plain(story.sentence(reel.journal, seq))}" if reel.places else "SimNova"


def again(code: str) -> str:
    """What makes the same run again, folded; nothing where nobody knows."""
    if not code:
        return ""
    return (
        f"<details><summary>The same run again</summary>"
        f'<button type="button" class="copy-code">copy</button><pre>{escape(code)}</pre></details>'
    )
