"""Which messages of a run race with something, so that a search need not hold up the others.

A message that comes later takes with it all that follows from it. Where nothing else happens meanwhile to the same
service or table, nor for any other request, the order stays as it was, and the run would be tried for nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from simnova.kernel.choices import Point
from simnova.kernel.journal import Event


class Races:
    """The events of a run, asked which of its latencies matter."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._by_seq = {event.seq: event for event in events}

    def matter(self, point: Point, value: float) -> bool:
        """Whether another order may come of it if this message takes `value` seconds."""
        sent = self._by_seq.get(point.seq)
        if sent is None:
            return True
        follows = self._follows(sent, point)
        later = value - point.usual
        meanwhile = [
            event
            for event in self._events
            if event.seq > sent.seq and event.seq not in follows and event.kind != "log"
        ]
        if not follows or self._queues_up(sent, meanwhile, point, later):
            return True
        times: dict[str, list[float]] = defaultdict(list)
        for event in follows.values():
            for lane in (*_lanes(event), _OTHERS):
                times[lane].append(event.time)
        return any(
            _passed(times.get(lane, []), event.time, later)
            for event in meanwhile
            for lane in self._met(event, sent)
        )

    def _met(self, event: Event, sent: Event) -> Iterator[str]:
        """Where an event may be passed; what others ask may race with anything, for reads stand in no journal."""
        yield from _lanes(event)
        if event.request_id != sent.request_id and not event.background:
            yield _OTHERS

    def _follows(self, sent: Event, point: Point) -> dict[int, Event]:
        """What follows from the message, by its causes; what its sender goes on with does not."""
        found: dict[int, Event] = {}
        to = point.stream[1] if sent.kind == "amqp.publish" else None
        for event in self._events:
            first = (
                event.cause == sent.seq and event.actor != sent.actor and to in (None, event.actor)
            )
            if first or event.cause in found:
                found[event.seq] = event
        return found

    def _queues_up(self, sent: Event, meanwhile: list[Event], point: Point, later: float) -> bool:
        """Whether the same connection carries something else meanwhile: nothing overtakes there."""
        client = point.stream[1] if point.stream[0] == "amqp" else None
        return any(
            event.actor == client and _passed([sent.time], event.time, later) for event in meanwhile
        )


_OTHERS = "other requests"


def _lanes(event: Event) -> Iterator[str]:
    """Where an event's place in the order counts: its service, and the table that it changes."""
    yield event.actor
    if "table" in event.data:
        yield f"{event.data.get('db')}.{event.data['table']}"


def _passed(times: list[float], other: float, later: float) -> bool:
    """Whether one of these times (in their order), so much later (or, below 0, earlier), passes another time."""
    place = bisect_left(times, min(other, other - later))
    return place < len(times) and times[place] <= max(other, other - later)
