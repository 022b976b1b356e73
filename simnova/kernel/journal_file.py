"""A journal as a file: a line of JSON that says what it is, then an event a line; packed where it ends in `.gz`.

The header has the digest of all that follows, so that a file which was cut or changed is known as such. What is read
is a journal like any other, but that nothing happens in it any more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, NoReturn

from simnova.exceptions import UsageError
from simnova.kernel import journal_lines
from simnova.kernel.collector import Seldom
from simnova.kernel.journal import Event, Journal, Level
from simnova.kernel.journal_lines import NoEvent
from simnova.kernel.unpacking import unpacked
from simnova.saving import as_path, save

FORMAT: Final = "simnova journal"
VERSION: Final = 1
"""Rises when an older version would misread what a newer one writes."""
LONGEST: Final = 64 * 1024 * 1024
"""Bytes of a line above which it cannot be an event: a decision on 10,000 hosts takes a fifth of it."""

_HEADER: Final[dict[str, tuple[type, ...]]] = {
    "version": (int,),
    "level": (str,),
    "events": (int,),
    "digest": (str,),
    "kinds": (list,),
    "about": (dict,),
}


class Header(NamedTuple):
    """The first line: how many events of which kinds follow, their digest, and what `Journal.about` says."""

    version: int
    level: Level
    events: int
    digest: str
    kinds: list[str]
    about: dict[str, Any]

    def line(self) -> bytes:
        """The header as a line of JSON."""
        told = json.dumps({"format": FORMAT, **self._asdict()}, default=str)
        return f"{told}\n".encode()


class Recorded(Journal):
    """A journal that was read from a file; `missing` is how many of its events are not there."""

    def __init__(self, header: Header, events: list[Event]) -> None:
        self.level = header.level
        self.about = header.about
        self.events = events
        self.before, self.after = [], []
        self.missing = header.events - len(events)

    def __repr__(self) -> str:
        cut = f", of which the last {self.missing} are missing" if self.missing else ""
        return f"{super().__repr__()[:-1]}{cut}, read from a file>"

    def record(self, *_: Any, **__: Any) -> NoReturn:
        """Nothing is added any more: raises `UsageError`."""
        raise UsageError(
            "nothing happens any more in a journal that was read from a file: a Cloud has one that goes on"
        )


def write(journal: Journal, file: str | os.PathLike[str]) -> Path:
    """See `Journal.write`."""
    events = list(journal.events)
    lines = [journal_lines.line(event) for event in events]
    kinds = sorted({event.kind for event in events})
    digest = _digest()
    for line in lines:
        digest.update(line)
    header = Header(VERSION, journal.level, len(events), digest.hexdigest(), kinds, journal.about)
    return save(file, [header.line(), *lines])


def read(file: str | os.PathLike[str], *, partial: bool = False) -> Journal:
    """See `Journal.read`."""
    path = as_path(file)
    with _opened(path) as source:
        header = _header(path, source)
        reader = _Reader(header)
        try:
            with Seldom():
                reader.read(source)
            reader.check_whole()
        except NoEvent as why:
            if not partial:
                raise UsageError(_told(path, reader, why)) from None
    return Recorded(header, reader.events)


class _Reader:
    """Takes up the events of a file until it ends, or something is wrong."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.events: list[Event] = []
        self.digest = _digest()
        self.ended = False

    def read(self, source: IO[bytes]) -> None:
        """Raises `NoEvent` at the first line that cannot be the next event."""
        kinds, before = frozenset(self.header.kinds), None
        while text := _line(source):
            self.ended = not text.endswith(b"\n")
            before = journal_lines.event(text, before, kinds)
            self.events.append(before)
            self.digest.update(text.rstrip(b"\r\n") + b"\n")
        self.ended = True

    def check_whole(self) -> None:
        """Raises `NoEvent` where events are missing, or are not those that were written."""
        if len(self.events) > self.header.events:
            extra = len(self.events) - self.header.events
            del self.events[self.header.events :]
            self.ended = False
            raise NoEvent(f"{extra} more events follow than its header speaks of")
        if len(self.events) < self.header.events:
            raise NoEvent("it ends here")
        if self.digest.hexdigest() != self.header.digest:
            self.ended = False
            raise NoEvent("the events are not those that were written: somebody has changed them")


def _told(path: Path, reader: _Reader, why: NoEvent) -> str:
    """What is wrong with a file, where, and what one can do."""
    there, all_of_them = len(reader.events), reader.header.events
    remedy = (
        "write it anew with cloud.journal.write(…), or open what is there with "
        f"Journal.read({str(path)!r}, partial=True)"
    )
    if reader.ended and there < all_of_them:
        return f"{path} is cut after line {there + 1}: {there} of its {all_of_them} events are there; {remedy}"
    return f"{path}, line {there + 2}: {why}; {there} of {all_of_them} events can be read: {remedy}"


def _header(path: Path, source: IO[bytes]) -> Header:
    """Raises `UsageError` for a file that is no journal, or a newer version's."""
    no_journal = f"{path} is no journal: cloud.journal.write(…) writes one"
    try:
        first = _line(source)
        if not first:
            raise NoEvent("the file is empty")
        given = journal_lines.parsed(first)
    except NoEvent as why:
        raise UsageError(f"{no_journal} (line 1: {why})") from None
    if given.pop("format", None) != FORMAT:
        raise UsageError(f'{no_journal} (line 1 does not say "format": "{FORMAT}")')
    version = given.get("version")
    if type(version) is int and version > VERSION:
        raise UsageError(
            f"{path} was written by a newer SimNova (journal format {version}, this one reads {VERSION}): "
            "update this one"
        )
    try:
        return _checked(given)
    except NoEvent as why:
        raise UsageError(f"{path}, line 1: {why}; write it anew") from None


def _checked(given: dict[str, Any]) -> Header:
    for name, allowed in _HEADER.items():
        journal_lines.check_type(name, given.get(name), allowed)
    header = Header(**{name: given[name] for name in _HEADER})
    if header.version < 1 or header.events < 0 or header.level not in ("full", "summary"):
        raise NoEvent("version, events or level are none")
    if not all(isinstance(kind, str) for kind in header.kinds):
        raise NoEvent("kinds is a list of texts")
    return header


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with open(path, "rb") as raw:
            yield unpacked(raw)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


def _line(source: IO[bytes]) -> bytes:
    """The next line, nothing at the end. Raises `NoEvent` for one that does not end."""
    text = source.readline(LONGEST + 1)
    if len(text) > LONGEST:
        raise NoEvent(f"it is longer than {LONGEST // 1024**2} MB, and no event is")
    return text


def _digest() -> Any:
    return hashlib.blake2b(digest_size=16)
