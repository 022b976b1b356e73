"""The part of the player that follows a cloud while it runs.

It listens to the journal, so it is told in the cloud's own thread, between two events. What a look costs is measured,
and the next one is not before fifteen times that has passed: with what hearing of each event costs, the cloud is slowed
by a tenth at most.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any, Final

import traitlets

from simnova.exceptions import UsageError
from simnova.kernel.journal import Event, Journal
from simnova.observe.markup import plain
from simnova.widgets.screen import Screen
from simnova.widgets.settings import Switch
from simnova.widgets.sound import TOLD

SHARE: Final = 15
"""How many times as long as a look takes the cloud runs undisturbed after it."""
LEAST: Final = 0.1
"""Seconds between two looks at least: nobody sees more."""


class Following(Screen):
    """Follow, and stop following; `following` says which."""

    following: Any = Switch(False, help="whether the cursor goes along as the cloud runs").tag(
        **TOLD
    )
    _heard: Journal | None = None
    _closed = False
    _due = 0.0
    _waiting = False

    def follow(self, on: bool = True) -> None:
        """Go along with the cloud while it runs, a cell or a real hypervisor; `follow(False)` stays where it is.

        Whoever moves the cursor back stays there, too. Raises `UsageError` for a player that was closed.
        """
        self.following = on

    @traitlets.validate("following")
    def _can_follow(self, proposal: Any) -> bool:
        if proposal["value"] and self._closed:
            raise UsageError(
                "this player is closed and shows nothing: cloud.player() opens another"
            )
        return bool(proposal["value"])

    @traitlets.observe("following")
    def _follow(self, change: Any) -> None:
        if change["new"]:
            self._due, self._waiting = 0.0, False
            self._heard = self._reel.journal
            self._heard.after.append(self._hear)
            self._catch_up()
        elif self._heard is not None:
            self._heard.after.remove(self._hear)
            self._heard = None

    def _hear(self, _: Event) -> None:
        if self._heard is not self._reel.journal:
            self.following = False
        elif perf_counter() >= self._due:
            self._catch_up()
        elif not self._waiting:
            self._wait()

    def _wait(self) -> None:
        """Have the last events seen as well, once the cell that wrote them is done."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no notebook: who asks, looks
            return
        self._waiting = True
        loop.call_soon(self._last_look)

    def _last_look(self) -> None:
        self._waiting = False
        if self.following:
            self._catch_up()

    def _catch_up(self) -> None:
        """Look once, and put off the next look; a picture that fails must not harm the cloud."""
        start = perf_counter()
        try:
            self.refresh(follow=True)
        except Exception as error:
            self.problem = {"do": "follow", "text": plain(f"The player cannot follow: {error}")}
            self.following = False
        end = perf_counter()
        self._due = end + max(LEAST, SHARE * (end - start))

    def close(self) -> None:
        """Stop following, and let the widget go."""
        self.following, self._closed = False, True
        super().close()
