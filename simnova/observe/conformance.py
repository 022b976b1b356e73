"""One script of operations, played on several clouds: their messages, states and requests laid side by side.

What may differ between a simulated and a real hypervisor is time; whatever else differs is told, the first of it in
words. Of equal hosts Nova takes the one that reported first, which is chance: hosts are called by the parts they play.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from simnova.exceptions import UsageError, unknown
from simnova.kernel.journal import Journal
from simnova.observe.compare import Comparison, Pair, Timed, aligned, equal, words
from simnova.observe.durations import Durations, durations
from simnova.observe.markup import element, escape
from simnova.observe.recording import Line, timed
from simnova.observe.table import Table

_WORD = re.compile(r"[\w.-]+")


class Used(NamedTuple):
    """Of a server: MB of memory and GB of disk that were sold, and MB of each that its guest really takes.

    The latter are None where nothing can be measured: on a simulated host, and memory of a guest that is off.
    """

    ram: int
    disk: int
    resident: int | None = None
    on_disk: float | None = None


class Played(NamedTuple):
    """One operation on one cloud: its events, its seconds, and how it ended (a status, or why it was refused).

    `used` is what the server took afterwards; None where there was none.
    """

    operation: str
    first: int
    upto: int
    seconds: float
    ended: str
    used: Used | None = None


@dataclass(frozen=True)
class Run:
    """A script as one cloud has played it; `hosts` has each host's resource provider."""

    name: str
    journal: Journal
    played: Sequence[Played]
    hosts: Mapping[str, str]

    def lines(self) -> list[list[Timed]]:
        """What each operation came to, with the seconds since the script began.

        What a host reports of itself is left out: a real machine's disk fills and empties meanwhile.
        """
        began = self.journal[self.played[0].first].time
        parts = [timed(self.journal, one.first, one.upto) for one in self.played]
        return [
            [(time - began, line) for time, line in part if not reported(line)] for part in parts
        ]


def reported(line: Line) -> bool:
    """Whether this is a host's inventory on its way to Placement, or the question what is known of it."""
    return line["kind"] == "placement" and str(line["url"]).endswith("/inventories")


def cast(run: Run, lines: Sequence[Sequence[Timed]]) -> list[str]:
    """The hosts in the order in which they came on, and their providers in the same."""
    seen = [str(line.get("server")) for _, line in chain(*lines) if line["kind"] == "rpc"]
    hosts = list(dict.fromkeys([*(host for host in seen if host in run.hosts), *sorted(run.hosts)]))
    return [*hosts, *(run.hosts[host] for host in hosts)]


def renamed(lines: Sequence[Sequence[Timed]], names: Mapping[str, str]) -> list[list[Timed]]:
    """The same lines with other names for hosts and providers."""

    def again(timed_line: Timed) -> Timed:
        time, line = timed_line
        return time, json.loads(_WORD.sub(lambda found: _called(found[0], names), json.dumps(line)))

    return [list(map(again, part)) for part in lines]


def _called(word: str, names: Mapping[str, str]) -> str:
    return names.get(word, word)


class Difference(NamedTuple):
    """Where a run parts from the first one: in which operation, after how many lines of it, and both lines."""

    run: str
    operation: str
    after: int
    pair: Pair


class Conformance:
    """The runs of one script; the first of them is what the others are held against.

    `same` tells whether all have the same lines in the same order; `lines("stop")` shows those of one operation, or of
    all; `durations` is how long the steps of the hypervisors took, `used` what guests took of memory and disk.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self._lines = renamed(runs[0].lines(), {})
        parts = cast(runs[0], self._lines)
        self._compared = {run.name: self._beside(run, parts) for run in runs[1:]}

    def _beside(self, run: Run, parts: Sequence[str]) -> list[list[Pair]]:
        """The first run's lines and another's, operation by operation."""
        lines = run.lines()
        theirs = cast(run, lines)
        names = dict(zip(theirs, parts, strict=True)) if len(theirs) == len(parts) else {}
        both = zip(self._lines, renamed(lines, names), strict=True)
        return [list(aligned(one, other)) for one, other in both]

    @property
    def same(self) -> bool:
        """Whether no run differs from the first."""
        return not self.differences

    @property
    def differences(self) -> list[Difference]:
        """The first line in which each operation differs, run by run."""
        return [
            Difference(name, self.runs[0].played[place].operation, place_in, pairs[place_in])
            for name, compared in self._compared.items()
            for place, pairs in enumerate(compared)
            if (place_in := Comparison(pairs, ("", "")).first) is not None
        ]

    @property
    def durations(self) -> Durations:
        """Seconds of each driver's steps, run by run."""
        return durations({run.name: run.journal for run in self.runs})

    @property
    def used(self) -> Table:
        """After each operation: memory and disk that were sold, and what of them the guest takes on each real cloud."""
        real = [
            run for run in self.runs if any(one.used and one.used.on_disk for one in run.played)
        ]
        measured = [f"{run.name} {what}, MB" for run in real for what in ("RAM", "disk")]
        rows = [self._used_row(place, real) for place in range(len(self.runs[0].played))]
        columns = ["operation", "RAM sold, MB", "disk sold, GB", *measured]
        return Table(columns, rows, "sold, and used")

    def _used_row(self, place: int, real: Sequence[Run]) -> list[object]:
        first = self.runs[0].played[place]
        found = [run.played[place].used for run in real]
        taken = [(one.resident, one.on_disk) if one else (None, None) for one in found]
        sold = (first.used.ram, first.used.disk) if first.used else (None, None)
        return [first.operation, *sold, *chain(*taken)]

    def lines(self, operation: str | None = None, run: str | None = None) -> Comparison:
        """The lines of the first run beside another's (the second's); of one operation, or of the whole script."""
        other = self._other(run)
        places = range(len(self.runs[0].played)) if operation is None else [self._at(operation)]
        pairs = [pair for place in places for pair in self._compared[other][place]]
        return Comparison(pairs, (self.runs[0].name, other))

    def _other(self, run: str | None) -> str:
        if run is not None and run not in self._compared:
            raise unknown("run", run, self._compared)
        return run or next(iter(self._compared))

    def _at(self, operation: str) -> int:
        played = [one.operation for one in self.runs[0].played]
        if operation not in played:
            raise unknown("operation of this script", operation, played)
        return played.index(operation)

    def table(self, times: bool = False) -> Table:
        """Operation by operation: how it ended, on which cloud; how many lines it has, and whether they are the same.

        With `times`, the seconds that each took.
        """
        names = [run.name for run in self.runs]
        columns = ["operation", *names, "lines", "same"]
        columns += [f"{name}, s" for name in names] if times else []
        rows = [self._row(place, times) for place in range(len(self.runs[0].played))]
        return Table(columns, rows)

    def _row(self, place: int, times: bool) -> list[object]:
        here = [run.played[place] for run in self.runs]
        parted = [
            name for name, pairs in self._compared.items() if not all(map(equal, pairs[place]))
        ]
        sign = "=" if not parted else f"≠ {', '.join(parted)}" if len(self.runs) > 2 else "≠"
        row = [here[0].operation, *(one.ended for one in here), len(self._lines[place]), sign]
        return [*row, *(round(one.seconds, 3) for one in here)] if times else row

    @property
    def verdict(self) -> str:
        """In words: the same, or where the first difference is."""
        names, lines = " and ".join(run.name for run in self.runs), self._count()
        if self.same:
            return f"{names} are the same: {lines} messages, states and requests, in the same order"
        first = self.differences[0]
        one, other = (words(found[1]) if found else "has no such line" for found in first.pair)
        return (
            f"{len(self.differences)} of {len(self.runs[0].played)} operations differ. "
            f"First difference: {first.operation}, after {first.after} equal lines\n"
            f"  {self.runs[0].name}: {one}\n  {first.run}: {other}"
        )

    def _count(self) -> int:
        return sum(map(len, self._lines))

    def __str__(self) -> str:
        return f"{self.table()}\n\n{self.verdict}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table()._repr_html_() + element("pre", escape(self.verdict))


def check_runs(clouds: Mapping[str, object]) -> None:
    """Raises UsageError for fewer than two."""
    if len(clouds) < 2:
        raise UsageError(
            f"{len(clouds)} cloud: to compare, name two or more, as in "
            '{"simulated": Cloud(2), "libvirt": Cloud([Host("compute1", driver="test:///"), …])}'
        )
