"""Inputs as lines of Python, each tried on a twin that the cloud's journal is held against."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from simnova.cloud.code import asking
from simnova.cloud.code.making import python
from simnova.cloud.hosts import Host
from simnova.exceptions import NovaError, UsageError
from simnova.kernel.timeline import Input
from simnova.observe.markup import plain, shorten

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

RUN = "cloud.run()"
EXACTLY = (
    "while cloud.clock.steps < {}:  # the next call came between two events\n    cloud.clock.step()"
)


class Played(NamedTuple):
    """The lines, and what could not be written."""

    text: list[str]
    notes: list[str]


class There(BaseException):
    """The engine is where the original was when the next input came; nothing inside the cloud may catch that."""


class Trial:
    """A twin on which calls are tried; `seen` is how many events there were before its last engine step."""

    def __init__(self, twin: Cloud) -> None:
        self.twin = twin
        self.seen = 0

    def attempt(self, text: str, end: int) -> BaseException | None:
        """Do it, but make no engine step past `end`: what it raised, `There` where it would have gone on."""
        with self._limited(end), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(text, {"cloud": self.twin, "Host": Host})
            except (There, UsageError, NovaError) as stopped:
                return stopped
        return None

    @contextmanager
    def _limited(self, end: int) -> Iterator[None]:
        clock = self.twin.clock
        go = clock.step

        def step() -> bool:
            if clock.steps >= end:
                raise There
            self.seen = len(clock.journal)
            return go()

        vars(clock)["step"] = step
        try:
            yield
        finally:
            del vars(clock)["step"]


def played(cloud: Cloud, seq: int) -> Played:
    """The inputs up to the event `seq` as calls, and between them how long the cloud ran.

    Raises `ReplayDiverged` where the replay does something else than the original.
    """
    told = Played([], [])
    inputs = cloud.timeline.inputs
    until = sum(event.kind == "input" for event in cloud.journal.events[: seq + 1])
    ends = [*(given.steps for given in inputs), cloud.clock.steps]
    twin, comparer = cloud._from_the_start()
    try:
        trial = Trial(twin)
        told.text.extend(onward(trial, ends[0]))
        for given, end in zip(inputs[:until], ends[1 : until + 1], strict=True):
            line(trial, given, end, told)
            told.text.extend(onward(trial, end))
            comparer.check()
    finally:
        twin.assembly.simulate_real_hosts()
        twin.close()
    return told


def line(trial: Trial, given: Input, end: int, told: Played) -> None:
    """Write one input, and do it."""
    text = asking.call(trial.twin, given)
    if not text:
        came = plain(f"{given.verb} came from outside, and no call asks for it: {given.args}")
        told.notes.append(shorten(came, 200))
        told.text.append(f"# {shorten(came, 200)}")
        trial.twin._again(given)
        return
    done = trial.attempt(text, end)
    if isinstance(done, There):
        text = unwaited(text, given)
    if isinstance(done, UsageError | NovaError):
        text = f"with suppress(UsageError, NovaError):  # {shorten(plain(done), 90)}\n    {text}"
    told.text.append(text)


def unwaited(text: str, given: Input) -> str:
    """The same without waiting for what comes of it."""
    if text.startswith("cloud.boot("):
        return text.replace("cloud.boot(", "cloud.submit(", 1)
    return asking.sending(given) if given.verb == "request" else text


def onward(trial: Trial, end: int) -> list[str]:
    """How the cloud came from here to there: it ran until nobody worked, or until something happened."""
    clock, first = trial.twin.clock, len(trial.twin.journal)
    if clock.steps >= end:
        return []
    if isinstance(trial.attempt(RUN, end), There):
        return [stopped(trial, first) or EXACTLY.format(end)]
    quiet = [RUN] if trial.seen >= first else []
    if clock.steps == end:
        return quiet
    while clock.steps < end and clock.step():
        pass
    return [*quiet, EXACTLY.format(end)]


def stopped(trial: Trial, first: int) -> str:
    """`run` until what has happened last; empty where the engine went on after it without an event."""
    events = trial.twin.journal.events
    before, new = events[first : trial.seen], events[trial.seen :]
    known = {event.kind for event in before if not event.background}
    kinds = (one.kind for one in new if not one.background and one.kind not in {*known, "log"})
    kind = next(kinds, None)
    if kind is not None:
        return f"cloud.run(until={python(kind)})"
    return f"cloud.run(until=lambda event: event.seq == {new[-1].seq})" if new else ""
