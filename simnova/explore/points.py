"""Where a run can break: every message that can be lost, every event before or after which a service can die.

They are read from the journal of a faultless run. Moments of one service between which nothing leaves it are one point:
it is dead after either, and nobody has seen or kept anything that could tell them apart. So the moment after an event
and the one before the next are one where both lie in one step of the engine, and what a service says to its log, or
thinks while it chooses a host, makes no new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from simnova.cloud.cloud import Cloud
from simnova.explore.scenarios import Scenario
from simnova.explore.words import Words
from simnova.kernel.faults import Moment
from simnova.kernel.journal import Event

What = Literal["down", "lose", "crash"]

_MESSAGES = {"rpc.call", "rpc.cast", "rpc.reply", "rpc.error"}
_INWARD = {"log", "scheduler.filter", "scheduler.weigh", "scheduler.select"}
"""What nobody but the service itself has of such an event."""

_NOBODY = {"client", "rabbitmq", "outside", "fault"}
"""Whose events are no service's: the broker's part is the loss of a message, the client's is nobody's."""


@dataclass(frozen=True)
class Point:
    """One thing that can go wrong, and how to have it go wrong in a cloud at the moment before the request.

    `service` is who dies, or whose message is lost. A crash is at its `nth` event of `kind`. A loss hits the `nth`
    message (or reply) of `method`: the next one once event `since` of the faultless run has happened. `seq` is the
    event there, and `number` counts the points of one service.
    """

    what: What
    service: str
    seq: int
    sentence: str
    kind: str = ""
    nth: int = 0
    moment: Moment = "after"
    method: str = ""
    reply: bool = False
    since: int = -1
    number: int = 0

    def __str__(self) -> str:
        return self.sentence

    @property
    def name(self) -> str:
        """Short and without numbers of events: `nova-conductor: db.insert 3 after`, `lose select_destinations 1`."""
        if self.what == "crash":
            return f"{self.service}: {self.kind} {self.nth} {self.moment}"
        if self.what == "down":
            return f"{self.service}: down"
        return f"lose {'reply to ' if self.reply else ''}{self.method} {self.nth}"

    def arm(self, cloud: Cloud) -> None:
        """Have it lie in wait, or happen; a loss that is not the first waits for its moment in `reach`."""
        if self.what == "down":
            cloud.crash(self.service)
        elif self.what == "lose" and self.nth == 1:
            cloud.lose(self.method, reply=self.reply)
        elif self.what == "crash":
            cloud.crash_at(self.kind, self.service, nth=self.nth, moment=self.moment)

    def reach(self, cloud: Cloud) -> None:
        """Run until the messages of that method before the one that is lost are on their way."""
        if self.what == "lose" and self.nth > 1:
            cloud.run(lambda event: event.seq == self.since)
            cloud.lose(self.method, reply=self.reply)


@dataclass(frozen=True)
class Rehearsal:
    """A faultless run: its journal from the request on, and the engine's step of each event."""

    events: list[Event]
    steps: list[int]
    services: list[str]
    words: Words


def rehearse(scenario: Scenario) -> Rehearsal:
    """Play a scenario in which nothing breaks."""
    cloud = scenario.cloud("full")
    first, steps = len(cloud.journal), [0] * len(cloud.journal)
    cloud.journal.after.append(lambda _: steps.append(cloud.clock.steps))
    services = [name for name in cloud.assembly.names if cloud.assembly.running[name].alive]
    scenario.act(cloud)
    cloud.run()
    events = cloud.journal.events[first:]
    words = Words(cloud.journal.events)
    cloud.close()
    return Rehearsal(events, steps[first:], services, words)


def points(scenario: Scenario) -> list[Point]:
    """Everything that can break while a scenario is played, in the order of its events."""
    found = rehearse(scenario)
    early = [_down(name) for name in found.services if name in _actors(found)]
    later = sorted([*_losses(found), *_crashes(found)], key=lambda point: point.seq)
    return list(_numbered(early + later))


def _numbered(found: list[Point]) -> Iterator[Point]:
    counts: Counter[tuple[bool, str]] = Counter()
    for point in found:
        key = (point.what == "lose", point.service)
        yield replace(point, number=counts[key])
        counts[key] += 1


def _actors(found: Rehearsal) -> set[str]:
    return {event.actor for event in found.events} - _NOBODY


def _down(service: str) -> Point:
    return Point("down", service, -1, f"{service} is down when the request is made")


def _losses(found: Rehearsal) -> Iterator[Point]:
    sent: dict[str, list[int]] = {}
    number: dict[str, int] = {}
    for event in found.events:
        if event.kind not in _MESSAGES or event.background:
            continue
        method, msg_id = event.data["method"], event.data["msg_id"]
        reply = event.kind in ("rpc.reply", "rpc.error")
        if reply and msg_id not in number:
            continue
        earlier = sent.setdefault(method, [])
        if not reply:
            earlier.append(event.seq)
            number[msg_id] = len(earlier)
        nth = number[msg_id]
        yield _loss(found, event, nth, reply, earlier[nth - 2] if nth > 1 else -1)


def _loss(found: Rehearsal, event: Event, nth: int, reply: bool, since: int) -> Point:
    sentence, method = f"{found.words.message(event)} is lost", event.data["method"]
    return Point(
        "lose", event.actor, event.seq, sentence, nth=nth, method=method, reply=reply, since=since
    )


def _crashes(found: Rehearsal) -> Iterator[Point]:
    counts: Counter[tuple[str, str]] = Counter()
    last: tuple[str, int] | None = None
    for place, (event, step) in enumerate(zip(found.events, found.steps, strict=True)):
        counts[event.kind, event.actor] += 1
        if event.actor in _NOBODY or event.actor not in found.services or event.background:
            last = None
            continue
        nth = counts[event.kind, event.actor]
        if last != (event.actor, step):
            yield _crash(found, place, nth, "before")
        if event.kind not in _INWARD:
            yield _crash(found, place, nth, "after")
        last = (event.actor, step)


def _crash(found: Rehearsal, place: int, nth: int, moment: Moment) -> Point:
    event, said = found.events[place], found.words
    sentence = f"{event.actor} dies {moment} {said.event(event)}"
    return Point("crash", event.actor, event.seq, sentence, event.kind, nth, moment)
