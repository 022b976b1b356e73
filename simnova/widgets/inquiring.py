"""The part of the player that is asked about the step at the cursor: one server, the causes, a line of source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from simnova.exceptions import unknown
from simnova.kernel.journal import Event
from simnova.observe import causes
from simnova.observe import source as sources
from simnova.observe.index import follow
from simnova.observe.meant import meant
from simnova.observe.names import Names
from simnova.observe.story import NOTHING, Story
from simnova.widgets.screen import Screen


class Inquiring(Screen):
    """What the State and Why views can be asked for."""

    def watch(self, server: Any = "") -> None:
        """Let the State view show one server, given by its name, its uuid or itself; without one, that of each step.

        Raises `UsageError` for a server that the journal does not know.
        """
        asked, names = str(getattr(server, "id", server)), follow(self._reel.journal, Names)
        found = names.alike(asked) if asked else [""]
        if not found:
            raise unknown("server", asked, names.servers.values())
        with self._turn:
            self._server = found[-1]
            self._show()

    def why(self, event: int | Event | str | None = None) -> Story:
        """The event at the cursor, and its causes back to the request that began it.

        `event` is another one, its number, or a server or a query, which stand for the last step that they mean.
        """
        seq = self.step if event is None else meant(self._reel.journal, event)
        if seq is None or seq < 0:
            return Story(ending=NOTHING)
        return causes.why(self._reel.journal, seq)

    def source(self, where: str) -> None:
        """Show the lines around a place that an event names, such as `nova/compute/manager/build.py:169`.

        Raises `UsageError` for what is no line of this package.
        """
        found = sources.source(where)
        self.answer = {"where": where, "step": self.step, **asdict(found)}
