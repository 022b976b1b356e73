"""The journal: what happened, in order, and because of what.

It is written only at the doors through which a service touches the world (time, messages, the database, requests
to neighbours, the hypervisor, the log). Everything shown, drawn, graded or replayed is computed from it.

A cause is derived, not passed: within a task an event's cause is that task's last event, and a task that a message
started begins with that message. So "why is this server ACTIVE?" is a chain back to a request.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from simnova.kernel.late import Late

if TYPE_CHECKING:
    from simnova.kernel.clock import Clock

Level = Literal["full", "summary"]
"""How much is kept of each event: everything, or everything but the payloads named by its kind."""

DERIVED: Final = -1
"""The cause of an event unless one is given: the last event of the task that is running."""


SOUGHT: Final = "sought"
"""The place of an event unless one is given: the line of service code that waits at the door."""


class Event(NamedTuple):
    """One thing that happened.

    `time` is in seconds since the cloud's time zero; `where` is the file and line of the service code that was
    waiting at the door; `background` marks heartbeats and periodic tasks.
    """

    seq: int
    time: float
    kind: str
    actor: str
    cause: int | None
    request_id: str | None
    where: str | None
    background: bool
    data: dict[str, Any]

    def digest(self) -> str:
        """Sixteen hex digits over all but `where`: equal for the same event in a replay."""
        content = (*self[:6], self.background, self.data)
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class Kind(NamedTuple):
    """What a kind of event means, and which fields of its data a summary leaves out."""

    meaning: str
    payload: frozenset[str]


KINDS: dict[str, Kind] = {}
"""The closed list of kinds; each door declares its own when it is imported."""


def declare(kind: str, meaning: str, payload: tuple[str, ...] = ()) -> str:
    """Add a kind to the list. `payload` names the fields of `data` that a journal at level "summary" drops."""
    KINDS[kind] = Kind(meaning, frozenset(payload))
    return kind


class Journal:
    """The ordered events of one run. `full` keeps payloads, `summary` drops them; sequence numbers never differ.

    `about` says which run it is (seed, hosts, options); it goes along into a file.
    """

    def __init__(self, clock: Clock, level: Level = "full") -> None:
        self.clock = clock
        self.level = level
        self.about: dict[str, Any] = {}
        self.events: list[Event] = []
        self.before: list[Callable[[str, str | None], None]] = []
        self.after: list[Callable[[Event], None]] = []

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, seq: int) -> Event:
        return self.events[seq]

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __repr__(self) -> str:
        last = self.events[-1].time if self.events else 0.0
        return f"<Journal of {len(self.events)} events up to {last:.3f} s>"

    def record(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        actor: str | None = None,
        cause: int | None = DERIVED,
        background: bool | None = None,
        request_id: str | None = None,
        where: str | None = SOUGHT,
    ) -> Event:
        """Note one event and return it; what is not given is taken from the task that is running.

        `where` is sought among whoever is calling; a door that only the clock calls knows that it is None.

        Raises `Crashed` where the task's service is dead: its doors are shut.
        """
        clock = self.clock
        task = clock.active
        if task is not None and not task.service.alive:
            clock.check(task)
        if task is not None:
            actor = actor or task.service.name
        for gate in self.before:
            gate(kind, actor)
        if task is not None:
            cause = task.latest if cause == DERIVED else cause
            background = task.background if background is None else background
            request_id = request_id or task.request_id
        event = Event(
            len(self.events),
            clock.now,
            kind,
            actor or "outside",
            None if cause == DERIVED else cause,
            request_id,
            waiting_code(sys._getframe(1)) if where is SOUGHT else where,
            bool(background),
            data if self.level == "full" and kind in KINDS else self._kept(kind, data),
        )
        self.events.append(event)
        if task is not None:
            task.latest = event.seq
        for watcher in self.after:
            watcher(event)
        return event

    def _kept(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        payload = KINDS[kind].payload
        if not payload:
            return data
        if isinstance(data, Late):
            return data.without(payload)
        return {name: value for name, value in data.items() if name not in payload}

    def causes(self, seq: int) -> list[Event]:
        """The chain of causes of an event, itself first, back to the input that began it."""
        chain: list[Event] = []
        step: int | None = seq
        while step is not None:
            chain.append(self.events[step])
            step = self.events[step].cause
        return chain

    def write(self, file: str | os.PathLike[str]) -> Path:
        """Write all events to a file, JSON a line, for `Journal.read`; packed where its name ends in `.gz`.

        Raises `UsageError` where that cannot be written.
        """
        from simnova.kernel.journal_file import write

        return write(self, file)

    @staticmethod
    def read(file: str | os.PathLike[str], *, partial: bool = False) -> Journal:
        """The journal that `write` has written: whatever looks at a journal takes it.

        Raises `UsageError` for a file that is cut, changed, a newer version's or no journal; with `partial=True`, only
        for one of which nothing can be read: of others it opens the events that are there.
        """
        from simnova.kernel.journal_file import read

        return read(file, partial=partial)


_PLACES: dict[int, tuple[CodeType, dict[int, str]]] = {}
"""What has been said of each instruction of a code, by the code's identity: its hash is slow, as is its line."""


def waiting_code(frame: FrameType | None) -> str | None:
    """The nearest frame that is no door's, as `file:line`; a door's module says `__door__ = True`."""
    while frame is not None and "__door__" in frame.f_globals:
        frame = frame.f_back
    if frame is None or frame.f_globals.get("__name__", "").startswith("simpy"):
        return None
    code = frame.f_code
    known = _PLACES.get(id(code))
    if known is None:
        known = _PLACES[id(code)] = (code, {})
    said = known[1].get(frame.f_lasti)
    if said is None:
        said = known[1][frame.f_lasti] = f"{short_name(code.co_filename)}:{frame.f_lineno}"
    return said


def short_name(filename: str) -> str:
    """A path below the package as it stands in the tree; a notebook's cell as `cell`; any other file by its name."""
    if "ipykernel" in filename or filename.startswith("<"):
        return "cell"
    _, package, tail = filename.replace("\\", "/").rpartition("/simnova/")
    return tail if package else tail.rpartition("/")[2]


__door__ = True
