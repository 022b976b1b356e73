"""The part of the player that opens something over the view: a message, a queue, a service."""

from __future__ import annotations

from collections.abc import Callable

from simnova.exceptions import UsageError, unknown
from simnova.observe.company import Company
from simnova.observe.index import follow
from simnova.widgets import panel
from simnova.widgets.screen import Screen


class Opening(Screen):
    """What a click on an arrow, a queue or a service asks for. `opened` is empty while nothing is open."""

    _kept_open: Callable[[], panel.Panel] | None = None

    def open_message(self, seq: int) -> None:
        """Go to the event `seq` and show what its message carried: addresses, times, arguments.

        Raises `UsageError` for a step that is not there.
        """
        with self._turn:
            shown = panel.message(self._reel.journal, seq)
            self._kept_open = None
            self.step = self._reel.nearest(seq)
            self.opened = shown

    def open_queue(self, queues: list[str]) -> None:
        """Show what waits in a queue, or in several of one purpose, at each step from now on.

        Raises `UsageError` for a queue that nobody has sent anything to.
        """
        if not queues or not all(isinstance(name, str) for name in queues):
            raise UsageError(f"open_queue wants the names of queues, not {queues!r:.60}")
        self._keep_open(lambda: panel.queue(self._reel.journal, self.step, queues))

    def open_service(self, service: str) -> None:
        """Show what a service waits for, at each step from now on; raises `UsageError` for one that nobody knows."""
        known = follow(self._reel.journal, Company).since
        if service not in known:
            raise unknown("service", service, known)
        self._keep_open(lambda: panel.service(self._reel.journal, self.step, service))

    def shut(self) -> None:
        """Close whatever is open."""
        self._kept_open, self.opened = None, {}

    def _keep_open(self, make: Callable[[], panel.Panel]) -> None:
        with self._turn:
            self.opened, self._kept_open = make(), make

    def _reopen(self) -> None:
        """At another step: what waits has changed, and a message is one of its own step only."""
        if self._kept_open is not None:
            self.opened = self._kept_open()
        elif self.opened and self._reel.nearest(self.opened["seq"]) != self.step:
            self.opened = {}
