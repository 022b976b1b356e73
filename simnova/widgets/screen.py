"""What all parts of the player have: the journal under its reel, the cursor in it, and what is shown there."""

from __future__ import annotations

from threading import RLock
from typing import Any

import anywidget
import traitlets

from simnova.observe.query import Query
from simnova.observe.steps import DETAILS, Detail
from simnova.widgets import settings
from simnova.widgets.fork import Fork
from simnova.widgets.reel import Reel
from simnova.widgets.sound import TOLD
from simnova.widgets.views import VIEWS


class Screen(anywidget.AnyWidget):
    """The traits that several parts of the player set, and what they ask of the player itself."""

    _turn: RLock
    _source: Any
    _reel: Reel
    _fork: Fork | None = None
    _server: str = ""
    step: Any = settings.Step(
        -1, help="sequence number of the event at the cursor, -1 in an empty journal"
    )
    detail: Any = settings.Choice(DETAILS, "story", help="what counts as a step")
    view: Any = settings.Choice(
        tuple(VIEWS), "decision", help="the picture beside the sequence"
    ).tag(**TOLD)
    strip: Any = traitlets.List(help="the styles of all steps; sent when they change").tag(**TOLD)
    answer = traitlets.Dict(
        help="what would have been enough for a host that lost, once it was asked about"
    ).tag(**TOLD)
    opened = traitlets.Dict(
        help="a message, a queue or a service that was clicked; empty while nothing is open"
    ).tag(**TOLD)
    frame = traitlets.Dict(help="the story at the step").tag(**TOLD)
    score = traitlets.Dict(help="the sequence around it, the same for many steps").tag(**TOLD)
    pane = traitlets.Dict(help="the view beside them at the step").tag(**TOLD)
    ticks: Any = traitlets.Dict(
        help="the cells of the strip in which there is a stop or a hit, and where the markers are"
    ).tag(**TOLD)
    problem = traitlets.Dict(help="what was asked wrongly, and how to ask").tag(**TOLD)

    # --- what the player does for its parts -------------------------------------------------------

    def refresh(self, *, follow: bool = False) -> None:
        """Take in what the cloud did since; the cursor stays, with `follow` it goes to the end."""
        raise NotImplementedError

    def svg(self, view: str = "") -> str:
        """The picture of this step that stands by itself."""
        raise NotImplementedError

    def _walk(self, detail: Detail, query: Query) -> None:
        """Have other events be steps."""
        raise NotImplementedError

    def _go(self, step: int) -> None:
        """Have the cursor at a step, and the picture of it."""
        raise NotImplementedError

    def _show(self) -> None:
        """Send what is seen at the cursor."""
        raise NotImplementedError
