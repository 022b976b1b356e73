"""Indexes over a journal: each reads an event once, and the journal's next events when there are
some.

Everything in this room asks about one step of what may be 100,000 events. So whatever is computed
from the whole journal is a `Follower`, kept (weakly) beside the journal it follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

from simnova.exceptions import UsageError, quoted
from simnova.kernel.journal import Event, Journal


class Follower(Protocol):
    """Something that is computed from the events of a journal, one after the other."""

    def add(self, event: Event) -> None:
        """Take in the next event."""


F = TypeVar("F", bound=Follower)
_FOLLOWERS: WeakKeyDictionary[Journal, dict[object, tuple[Follower, int]]] = WeakKeyDictionary()


def follow(journal: Journal, make: Callable[[], F]) -> F:
    """The follower that `make` makes, having read all the journal holds by now."""
    kept = _FOLLOWERS.get(journal)
    if kept is None:
        kept = _FOLLOWERS[journal] = {}
    follower, read = kept.get(make, (None, 0))
    end = len(journal)
    if follower is None or read > end:
        follower, read = make(), 0
    if read < end:
        for event in journal.events[read:end]:
            follower.add(event)
        kept[make] = follower, end
    return follower  # type: ignore[return-value]


def last(journal: Journal, upto: int | None = None) -> int:
    """The sequence number to look at: `upto`, kept inside the journal; its last event where `upto`
    is None.
    """
    end = len(journal) - 1
    return end if upto is None else max(-1, min(upto, end))


def step(journal: Journal, given: object) -> int:
    """The number of a step that someone has named, by its number or by its event.

    Raises `UsageError` for anything else, and for a step that the journal does not have.
    """
    seq = given.seq if isinstance(given, Event) else given
    if not isinstance(seq, int):
        raise UsageError(
            f"{quoted(given)} is no event: give one, such as cloud.journal[12], or its number"
        )
    if 0 <= seq < len(journal):
        return seq
    there = f"this journal has events 0 to {len(journal) - 1}" if len(journal) else "it is empty"
    raise UsageError(f"there is no event {seq}: {there}")
