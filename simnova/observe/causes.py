"""Why: from any event back along its causes to the input that began it."""

from __future__ import annotations

from collections.abc import Iterable

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow, step
from simnova.observe.pairs import Pairs
from simnova.observe.steps import level
from simnova.observe.story import Story, belongs, sentence, starts


class Losses:
    """The messages that were lost, or late, on purpose; `follow(journal, Losses)`."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind == "fault" and event.data.get("verb") in ("lose", "delay"):
            self.events.append(event)


def why(
    journal: Journal,
    seq: int | Event,
    *,
    everything: bool = False,
    only: str | Iterable[str] = "",
) -> Story:
    """The event at `seq`, what caused it, what caused that, and so on to the first cause.

    Told are the events that belong to the story, the first and the last; with `everything` the
    broker's and the database's as well; `only="rpc"` or `only=["rpc", "http"]` tells just of
    the kinds that begin so.

    Raises `UsageError` for a step that is not there, for what is neither a step nor an event, and
    for an unknown kind.
    """
    kinds = starts(only)
    chain = journal.causes(step(journal, seq))
    ends = {chain[0].seq, chain[-1].seq}
    told = [event for event in chain if everything or event.seq in ends or level(event) == 0]
    numbers = {event.seq for event in [*told, *lost(journal, chain)] if belongs(event, kinds)}
    walked = sorted(numbers, reverse=True)
    return Story((one, journal[one].time, sentence(journal, one)) for one in walked)


def lost(journal: Journal, chain: list[Event]) -> list[Event]:
    """The losses that a chain of causes hangs on: of a message in it, and of one that was waited
    for in vain.
    """
    seqs, asked = {event.seq for event in chain}, follow(journal, Pairs).asked
    waits = [
        (asked.get(event.seq, event.seq), event) for event in chain if event.kind == "rpc.timeout"
    ]
    return [
        loss
        for loss in follow(journal, Losses).events
        if loss.cause in seqs or any(kept_waiting(loss, start, end) for start, end in waits)
    ]


def kept_waiting(loss: Event, start: int, end: Event) -> bool:
    """Whether a loss is why somebody waited from the step `start` until the timeout `end`."""
    same = loss.data.get("method") == end.data.get("method")
    return same and loss.request_id == end.request_id and start < loss.seq < end.seq


def origin(journal: Journal, seq: int) -> int:
    """The sequence number of the first cause of an event."""
    return journal.causes(seq)[-1].seq
