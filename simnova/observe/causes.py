"""Why: from any event back along its causes to the input that began it."""

from __future__ import annotations

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import step
from simnova.observe.steps import level
from simnova.observe.story import Story, sentence


def why(journal: Journal, seq: int | Event, *, everything: bool = False) -> Story:
    """The event at `seq`, what caused it, what caused that, and so on to the first cause.

    Told are the events that belong to the story, the first and the last; with `everything` the
    broker's and the database's as well.

    Raises `UsageError` for a step that is not there, and for what is neither a step nor an event.
    """
    chain = journal.causes(step(journal, seq))
    ends = {chain[0].seq, chain[-1].seq}
    told = [event for event in chain if everything or event.seq in ends or level(event) == 0]
    return Story((event.seq, event.time, sentence(journal, event.seq)) for event in told)


def origin(journal: Journal, seq: int) -> int:
    """The sequence number of the first cause of an event."""
    return journal.causes(seq)[-1].seq
