"""The part of the player that remembers places: markers with names."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

import traitlets

from simnova.exceptions import UsageError, quoted, unknown
from simnova.observe.markup import plain
from simnova.widgets.screen import Screen
from simnova.widgets.settings import Places
from simnova.widgets.sound import TOLD

LONGEST: Final = 60
"""Characters of a marker's name."""


def _name(given: object) -> str:
    name = plain(given).strip() if isinstance(given, str) else ""
    if not name or len(name) > LONGEST:
        raise UsageError(
            f"{quoted(given)} is no name for a marker: a text of 1 to {LONGEST} characters is"
        )
    return name


class Marking(Screen):
    """Markers: `player.marks` are their names, and the step that each stands at."""

    marks: Any = Places(help="the step that each marker stands at, by its name").tag(**TOLD)

    def mark(self, name: str = "") -> None:
        """Put a marker at the cursor; one of that name moves here, one without a name is numbered."""
        numbered = (f"mark {number}" for number in count(1))
        called = _name(name) if name else next(one for one in numbered if one not in self.marks)
        self.marks = {**self.marks, called: self.step}

    def jump(self, name: str) -> None:
        """Go to a marker."""
        with self._turn:
            self.step = self._reel.nearest(self.marks[self._known(name)])

    def rename(self, name: str, to: str) -> None:
        """Give a marker another name."""
        old, new = self._known(name), _name(to)
        if new != old and new in self.marks:
            raise UsageError(f"there is a marker {quoted(new)} already: remove it first")
        self.marks = {new if one == old else one: seq for one, seq in self.marks.items()}

    def unmark(self, name: str) -> None:
        """Take a marker away."""
        old = self._known(name)
        self.marks = {one: seq for one, seq in self.marks.items() if one != old}

    def _known(self, name: str) -> str:
        if name not in self.marks:
            raise unknown("marker", name, self.marks)
        return name

    @traitlets.validate("marks")
    def _are_places(self, proposal: Any) -> dict[str, int]:
        given = proposal["value"]
        strays = [seq for seq in given.values() if type(seq) is not int or seq < -1]
        if strays:
            raise UsageError(
                f"a marker stands at the number of an event, not at {quoted(strays[0])}"
            )
        return {_name(name): seq for name, seq in given.items()}

    @traitlets.observe("marks")
    def _marked(self, _: Any) -> None:
        self._show()
