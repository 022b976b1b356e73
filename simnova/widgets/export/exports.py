"""The half of a player that gives itself away: files, what the browser asks to save, the cell that makes it again."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Final

import anywidget

from simnova.exceptions import UsageError, one_of, quoted
from simnova.kernel.timeline import ReplayDiverged
from simnova.observe.markup import plain
from simnova.saving import as_path, save
from simnova.widgets.export.page import Told, page
from simnova.widgets.export.picture import png
from simnova.widgets.screen import Screen
from simnova.widgets.sound import sound

FORMS: Final = {"html": "text/html", "svg": "image/svg+xml", "png": "image/png"}
"""What can be written, and what a browser calls it."""
OF_A_STEP: Final = {"frame", "score", "pane", "strip", "answer", "opened"}
"""What a page has of every step, and so does not begin with."""
OF_A_PAGE: Final = {
    "title": (str, "a text"),
    "first": (int, "the number of an event"),
    "last": (int, "the number of an event"),
}
"""What can be said of a page, and what each is."""


class Exports(Screen):
    """What every player can give away."""

    filter: Any
    stops: Any
    marks: Any

    def export(self, file: str | PathLike[str], **page: Any) -> Path:
        """Write a page of all steps (`.html`), or a picture of this step (`.svg`, `.png`); the file's path.

        A page works with no kernel and no network. It takes a `title`, and the `first` and the `last` event that it is
        to show. The same journal gives the same bytes. Raises `UsageError` for another ending, for a page of more than
        3,000 steps or 40 MB, and for a PNG where CairoSVG is not installed.
        """
        path = as_path(file)
        return save(path, [self._exported(path.suffix.removeprefix(".").lower(), **page)])

    def cell(self) -> Any:
        """The Python that makes the same run again and opens the player at this step: run it in a cell.

        The filter, the stops and the markers go along, and the run as far as the last marker.

        Raises `UsageError` for a player of a bare journal, which does not know what was asked of its cloud.
        """
        if not hasattr(self._source, "code"):
            raise UsageError("only a cloud knows what was asked of it: cloud.player().cell()")
        if self.step < 0:
            return self._source.code()
        asked = {"filter": self.filter, "stops": self.stops, "marks": self.marks}
        put = {name: value for name, value in asked.items() if value}
        there = [seq for seq in self.marks.values() if seq < len(self._reel.journal)]
        shown = {"step": self.step, "detail": self.detail, "view": self.view, **put}
        return self._source.code(max(self.step, *there, -1), **shown)

    # --- what the browser asks for --------------------------------------------------------------------

    def save(self, form: str, to: str) -> None:
        """Send a file to the browser that asked, `to` which it is; or why there is none.

        A browser paints a PNG itself, from the SVG.
        """
        name = "simnova" if form == "html" else f"simnova-step-{self.step}"
        about = sound({"do": "saved", "to": to, "name": f"{name}.{form}", "type": FORMS.get(form)})
        try:
            self.send(about, [self._exported(form)])
        except UsageError as error:
            self.send({**about, "refused": plain(str(error))})

    def _exported(self, form: str, **how: Any) -> bytes:
        one_of("kind of file", form, FORMS)
        if form == "html":
            _check(how)
            return self._html(**how).encode("utf-8", "replace")
        if how:
            raise UsageError(f"{', '.join(how)} is for a page: .{form} is a picture of one step")
        return self.svg().encode() if form == "svg" else png(self.svg())

    def _html(self, title: str = "", first: int | None = None, last: int | None = None) -> str:
        told = Told(self._state(), self._fork, self._server, title, self._again())
        return page(self._reel, self.step, told, first, last)

    def _again(self) -> str:
        if not hasattr(self._source, "code"):
            return ""
        try:
            return str(self.cell())
        except ReplayDiverged as error:
            return f"# It goes otherwise each time: {error}"

    def _state(self) -> dict[str, Any]:
        """What the browser knows at any step: the view, the detail, the marks …"""
        shared = set(self.trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names())
        wanted = sorted(name for name in shared - OF_A_STEP if not name.startswith("_"))
        return {name: getattr(self, name) for name in wanted}


def _check(how: dict[str, Any]) -> None:
    """Raise `UsageError` for what no page has, and for a value that is not of its kind."""
    for name, value in how.items():
        kind, told = OF_A_PAGE[one_of("argument of export()", name, OF_A_PAGE)]
        if value is not None and not isinstance(value, kind):
            raise UsageError(f"{name}= of a page is {told}, not {quoted(value)}")
