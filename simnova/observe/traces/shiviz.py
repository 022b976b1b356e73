"""ShiViz's log: every event with its vector clock, so that who could have known of what can be seen.

An event comes after the one before it in its own service, and after its cause. The first line is the regular
expression by which ShiViz reads the rest, the second would separate several runs
(https://github.com/DistributedClocks/shiviz, js/shiviz.js and js/model/parser.js).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.markup import plain
from simnova.observe.story import sentence

PARSER: Final = (
    r"(?<event>.*)\n(?<host>\S+) (?<clock>{.*}) step=(?<step>\d+) time=(?<time>\S+) "
    r"kind=(?<kind>\S+) request=(?<request>\S+)"
)
"""An event is two lines. ShiViz shows each named group but `event` and `clock` as a field."""

Clock = dict[str, int]
"""How many events of each service came before, or are, an event."""


def shiviz(journal: Journal, *, background: bool = False) -> Iterator[str]:
    """The log in pieces, a line an event; the services are its hosts."""
    yield f"{PARSER}\n\n"
    for event, clock in clocks(journal, background=background):
        told = f"{word(event.actor)} {json.dumps(clock)} step={event.seq} time={event.time:.6f}"
        fields = f"kind={word(event.kind)} request={word(event.request_id or '-')}"
        yield f"{plain(sentence(journal, event.seq))}\n{told} {fields}\n"


def clocks(journal: Journal, *, background: bool = False) -> Iterator[tuple[Event, Clock]]:
    """The events with their vector clocks.

    Of what is left out as background the causes count: what it brought about comes after what brought it about.
    """
    last = {event.cause: event.seq for event in journal if event.cause is not None}
    services: dict[str, Clock] = {}
    known: dict[int, Clock] = {}
    for event in list(journal):
        clock = before = {} if event.cause is None else known[event.cause]
        if background or not event.background:
            host = word(event.actor)
            own = services.get(host, {})
            clock = {**merged(own, before), host: own.get(host, 0) + 1}
            services[host] = clock
            yield event, clock
        if event.seq in last:
            known[event.seq] = clock
        if event.cause is not None and last[event.cause] == event.seq:
            del known[event.cause]  # a clock counts every service, and there may be a thousand


def merged(one: Clock, other: Clock) -> Clock:
    """The later of two clocks in every place."""
    clock = dict(one)
    for host, time in other.items():
        if time > clock.get(host, 0):
            clock[host] = time
    return clock


def word(name: str) -> str:
    """A name without blanks, which would end it."""
    return re.sub(r"[\s\ufeff]", "_", plain(name)) or "-"
