"""The log: what services wrote, in OpenStack's format."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, SupportsIndex, overload

from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import Event, Journal
from simnova.observe.functions import function_at
from simnova.observe.index import follow, last
from simnova.observe.markup import clean, element, escape
from simnova.observe.names import Names, uuids

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The date at a cloud's time zero (`kernel.clock.EPOCH`)."""

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Line:
    """One line of a service's log."""

    seq: int
    time: float
    service: str
    pid: int
    level: str
    logger: str
    request_id: str | None
    user: str
    project: str
    instance: str | None
    message: str
    where: str | None
    error_summary: str = ""

    def __str__(self) -> str:
        stamp = EPOCH + timedelta(seconds=self.time)
        when = f"{stamp:%Y-%m-%d %H:%M:%S}.{stamp.microsecond // 1000:03d}"
        start = f"{when} {self.pid} {self.level} {self.logger}"
        about = f"[instance: {self.instance}] " if self.instance else ""
        told, _, trace = self.message.partition("\n")
        told = f"{told}: {self.error_summary}" if self.error_summary else told
        first, *more = clean(f"{told}\n{trace}").splitlines() or [""]
        end = f" {self.place}" if self.level == "DEBUG" and self.where else ""
        return "\n".join(
            [
                f"{start} {self.context} {about}{first}{end}",
                *(f"{start} {about}{line}" for line in more),
            ]
        )

    __repr__ = __str__

    @property
    def place(self) -> str:
        """The function and the line that wrote it (`logging_debug_format_suffix`)."""
        return f"{function_at(self.where or '')} {self.where}".strip()

    @property
    def context(self) -> str:
        """Global request id, request id, user, project, and the domains; `[-]` for a service's own
        work.
        """
        if not self.request_id:
            return "[-]"
        return f"[None {self.request_id} {self.user} {self.project} - - default default]"


class Log(list[Line]):
    """Lines in the order in which they were written."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> Line: ...
    @overload
    def __getitem__(self, index: slice[Any, Any, Any]) -> Log: ...
    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Log(found) if isinstance(index, slice) else found

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return element("div", "".join(map(_html, self)) or " ", style=_PAGE)


_PAGE: Final = "font-family:var(--jp-code-font-family,monospace);font-size:12px;line-height:1.4;white-space:pre-wrap"
_HANGING: Final = "padding-left:2em;text-indent:-2em;overflow-wrap:anywhere"
_LOUD: Final = {
    "WARNING": ";color:var(--jp-warn-color0,#b35900)",
    "ERROR": ";color:var(--jp-error-color0,#c4320a)",
    "CRITICAL": ";color:var(--jp-error-color0,#c4320a)",
}


def _html(line: Line) -> str:
    """A paragraph for each line of the text, broken between words."""
    style = _HANGING + _LOUD.get(line.level, "")
    return "".join(element("div", escape(each), style=style) for each in str(line).splitlines())


class Written:
    """The events that are log lines, and how often each service has started; `follow(journal,
    Written)`.
    """

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.actors: set[str] = set()
        self.starts: dict[str, list[int]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        self.actors.add(event.actor)
        if event.kind == "log":
            self.seqs.append(event.seq)
        elif event.kind == "service.start":
            self.starts.setdefault(event.actor, []).append(event.seq)


def pid(service: str, life: int) -> int:
    """A process id for one life of a service: the same in every run."""
    digest = hashlib.blake2b(f"{service}/{life}".encode("utf-8", "replace"), digest_size=4).digest()
    return 1000 + int.from_bytes(digest) % 31000


def line(journal: Journal, event: Event) -> Line:
    """The log line of an event."""
    starts = follow(journal, Written).starts.get(event.actor, [])
    owner = follow(journal, Names).owners.get(event.request_id or "", ("-", "-"))
    data = event.data
    return Line(
        seq=event.seq,
        time=event.time,
        service=event.actor,
        pid=pid(event.actor, bisect_right(starts, event.seq)),
        level=str(data.get("level", "INFO")),
        logger=str(data.get("logger", "nova")),
        request_id=event.request_id,
        user=owner[0],
        project=owner[1],
        instance=data.get("instance"),
        message=str(data.get("message", "")),
        where=event.where,
        error_summary=str(data.get("error_summary", "")),
    )


def lines(
    journal: Journal,
    upto: int | None = None,
    *,
    first: int = 0,
    service: str | None = None,
    level: str = "DEBUG",
    request: Any = None,
    server: Any = None,
    background: bool = False,
) -> Log:
    """The log from step `first` up to step `upto`: of one service (`nova-compute` is that of every
    host), from a level on, of one request, or with one server in it (by their ids, or themselves).

    Raises `UsageError` for an unknown level, service or server, and for a service that writes no
    log: only Nova's do.
    """
    if level not in LEVELS:
        raise unknown("log level", level, LEVELS)
    wanted, about = getattr(request, "request_id", request), uuids_of(journal, server)
    who = services(journal, service)
    written, end = follow(journal, Written).seqs, last(journal, upto)
    found = (
        line(journal, journal[seq])
        for seq in written[bisect_left(written, first) : bisect_right(written, end)]
        if (background or not journal[seq].background)
        and (who is None or journal[seq].actor in who)
        and wanted in (None, journal[seq].request_id)
    )
    return Log(one for one in found if weighs(one.level, level) and speaks(one, about))


NARROWINGS: Final = ("upto", "first", "service", "level", "request", "server", "background")
"""What a log can be narrowed by."""


def services(journal: Journal, service: str | None) -> set[str] | None:
    """The services that are meant: one, or all of a binary's."""
    if service is None:
        return None
    known = follow(journal, Written)
    actors = known.actors | set(known.starts)
    meant = {one for one in actors if service in (one, one.partition("@")[0])}
    if not meant:
        raise unknown("service", service, actors)
    if not any(one.startswith("nova-") for one in meant):
        raise UsageError(
            f"service={service!r} writes no log here, only Nova's services do; "
            "cloud.story(only='http') tells what it was asked and what it answered"
        )
    return meant


def uuids_of(journal: Journal, server: Any) -> list[str] | None:
    """The uuids of a server, given by its uuid, its name or itself; of a name that several have,
    all.
    """
    if server is None:
        return None
    asked, names = str(getattr(server, "id", server)), follow(journal, Names)
    found = names.alike(asked)
    if not found and not uuids(asked):
        raise unknown("server", asked, set(names.servers.values()))
    return found or [asked]


def speaks(one: Line, about: list[str] | None) -> bool:
    """Whether a line is about one of those servers, or names it."""
    return about is None or any(uuid == one.instance or uuid in one.message for uuid in about)


def weighs(level: str, least: str) -> bool:
    """Whether a level is at least another; one that is not OpenStack's always is."""
    return level not in LEVELS or LEVELS.index(level) >= LEVELS.index(least)
