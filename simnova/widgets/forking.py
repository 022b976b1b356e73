"""The part of the player that forks: from the step at the cursor on another cloud goes otherwise."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from simnova.exceptions import NovaError, UsageError, quoted
from simnova.kernel.patience import Interrupted
from simnova.observe.markup import plain
from simnova.widgets.changes import offered
from simnova.widgets.fork import Fork
from simnova.widgets.reel import Reel
from simnova.widgets.screen import Screen

NO_CLOUD = "This player shows a bare journal, and only a cloud can go another way: open it with Player(cloud)"

LATER = ", and what was asked later"
"""How a fork is called that was asked again what came after the step."""
UNFINISHED = "interrupted: the fork did not come to its end and is gone; this player and its cloud are as they were"


def _check(change: Any) -> None:
    """Raise `UsageError` for what cannot be done to a cloud."""
    example = "player.fork(lambda cloud: cloud.crash('nova-conductor'))"
    if change is None:
        return
    if not callable(change):
        raise UsageError(f"a change is a function of the cloud, not {quoted(change)}: {example}")
    try:
        signature(change).bind(None)
    except TypeError:
        raise UsageError(f"a change takes one thing, the cloud of the fork: {example}") from None
    except ValueError:  # a function of C tells nobody what it takes
        return


class Forking(Screen):
    """Fork, swap and join. The cloud at the cursor is never touched: a fork is another one."""

    def fork(
        self,
        change: Callable[[Any], object] | None = None,
        said: str = "",
        *,
        later: bool = False,
    ) -> Any:
        """Fork the cloud at the cursor, do `change(cloud)` to it, let it run, and show both side by side.

        It returns the fork, a cloud like any other: `player.fork(lambda cloud: cloud.crash("nova-conductor"))`.
        Without a change both go the same way. With `later` the fork is asked again what the cloud was asked after the
        step, at the same times. `said` is what the picture calls it. Raises `UsageError` for a
        bare journal, and what the change raises.
        """
        if not hasattr(self._source, "fork"):
            raise UsageError(NO_CLOUD)
        _check(change)
        with self._turn:
            twin = self._source.fork(at=self.step if self.step >= 0 else None, later=later)
            try:
                if change is not None:
                    change(twin)
                twin.run()
            except KeyboardInterrupt:
                raise Interrupted(UNFINISHED) from None
            said = said or getattr(change, "__doc__", None) or "a change"
            self._fork = Fork(twin, said + LATER * later, self.step)
            self._look_at("fork")
        return twin

    def fork_with(self, code: str, later: bool) -> None:
        """Fork with one of the changes that are offered at the cursor, named by how one would write it; with `later`
        the fork is asked again what came after it.
        """
        found = next(
            (one for one in offered(self._reel.journal, self.step) if one.code() == code), None
        )
        if found is None:
            return
        try:
            self.fork(found.apply, found.code(), later=later)
        except (UsageError, NovaError) as error:
            told = {**self.pane["data"], "trouble": plain(str(error))}
            self.pane = {**self.pane, "data": told}

    def swap(self) -> None:
        """Walk the fork, and have the run it came from beside it."""
        if self._fork is None:
            raise UsageError("there is no fork to walk: player.fork(...) makes one at the cursor")
        with self._turn:
            here, there = self._source, self._fork
            step = there.beside(self._reel.journal, self._reel.detail).beside(self.step)
            self._source = there.cloud
            self._fork = Fork(here, there.change, there.at, not there.turned)
            self._reel = Reel(there.journal, self._reel.detail, self._reel.query)
            self.step = self._reel.nearest(step)
            self._look_at("fork")

    def to_the_parting(self) -> None:
        """Go to the first event that is not the same in both runs, or to the last step before it.

        What was done from outside does not count: it is what came of it that one wants to see.
        """
        if self._fork is None:
            raise UsageError(
                "there is no fork to part from: player.fork(...) makes one at the cursor"
            )
        laid = self._fork.beside(self._reel.journal, self._reel.detail)
        if laid.place is not None:
            self.step = self._reel.nearest(laid.before(laid.place))

    def join(self) -> None:
        """Let the fork go; the picture shows one run again."""
        with self._turn:
            self._fork = None
            self._look_at("fork")

    def _look_at(self, view: str) -> None:
        self.view = view
        self._show()
