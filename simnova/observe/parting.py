"""Two runs that were one: their sequences in rows side by side, and the first event where they part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import starmap, zip_longest
from typing import Final, NamedTuple

from simnova.kernel.journal import Event, Journal
from simnova.observe import hosts, rows
from simnova.observe.index import follow
from simnova.observe.markup import plain
from simnova.observe.names import Names
from simnova.observe.sequence import Arrow

LONGEST: Final = 4000
"""Rows after the parting that are compared one by one; the rest of a longer run is laid side by side as it comes."""


class Row(NamedTuple):
    """A row of both sequences: the same message in both (at another time, maybe), or what each does meanwhile."""

    one: Arrow | None
    other: Arrow | None
    same: bool = False

    @property
    def change(self) -> bool:
        """Whether it is what somebody did from outside, and not what came of it."""
        return all(arrow is None or arrow.style in ("input", "fault") for arrow in self[:2])


@dataclass(frozen=True)
class Parting:
    """The rows of two runs, and `seq`, the number of the first event that is not the same in both."""

    rows: list[Row]
    seq: int

    @property
    def place(self) -> int | None:
        """The place of the first row that is not the same and no change by itself; None where there is none."""
        return next((n for n, row in enumerate(self.rows) if not row.same and not row.change), None)

    def differing(self) -> tuple[int | None, int | None]:
        """From that place on the first event of each run that the other does not have."""
        rows = [row for row in self.rows[self.place or 0 :] if not row.same and not row.change]
        ones, others = ([arrow.seq for arrow in side if arrow] for side in _sides(rows))
        return next(iter(ones), None), next(iter(others), None)

    @cached_property
    def _reached(self) -> tuple[list[int], list[int]]:
        one, other = _sides(self.rows)
        return list(_latest(one)), list(_latest(other))

    def reached(self, seq: int) -> int:
        """The place of the last row that the first run has come to by its event `seq`; 0 before all."""
        return max(0, bisect_right(self._reached[0], seq) - 1)

    def before(self, place: int) -> int:
        """The event that the first run has come to at a row."""
        return self._reached[0][place]

    def beside(self, seq: int) -> int:
        """The event of the other run that stands beside event `seq` of the first, or was the last before."""
        return self._reached[1][self.reached(seq)] if self.rows else seq


def _sides(rows: Iterable[Row]) -> tuple[list[Arrow | None], list[Arrow | None]]:
    rows = list(rows)
    return [row.one for row in rows], [row.other for row in rows]


def _latest(side: Iterable[Arrow | None]) -> Iterator[int]:
    """For each row the event that its run has come to by then."""
    last = -1
    for arrow in side:
        last = arrow.seq if arrow else last
        yield last


def parting(
    one: Journal, other: Journal, arrows: list[Arrow], others: list[Arrow], known: int = 0
) -> Parting:
    """Lay two runs side by side; of the first `known` events it is known that they are the same."""
    seq = first_difference(one, other, known)
    shared, same = ([arrow for arrow in side if arrow.seq < seq] for side in (arrows, others))
    begun = _equal(shared, same) if len(shared) == len(same) else aligned(shared, same)
    return Parting([*begun, *aligned(arrows[len(shared) :], others[len(same) :])], seq)


def first_difference(one: Journal, other: Journal, known: int = 0) -> int:
    """The number of the first event that is not the same in both, or that only one of them has."""
    shorter = min(len(one), len(other))
    return next((seq for seq in range(known, shorter) if not alike(one[seq], other[seq])), shorter)


def alike(one: Event, other: Event) -> bool:
    """Whether two events are the same, wherever the code stood."""
    return one[:6] == other[:6] and one.digest() == other.digest()


def aligned(arrows: list[Arrow], others: list[Arrow]) -> Iterator[Row]:
    """Rows of what two runs did, equal messages beside each other whatever their times."""
    keys, other_keys = ([_key(arrow) for arrow in side[:LONGEST]] for side in (arrows, others))
    for tag, i, i_end, j, j_end in SequenceMatcher(None, keys, other_keys, False).get_opcodes():
        if tag == "equal":
            yield from _equal(arrows[i:i_end], others[j:j_end])
        else:
            yield from starmap(Row, zip_longest(arrows[i:i_end], others[j:j_end]))
    yield from starmap(Row, zip_longest(arrows[LONGEST:], others[LONGEST:]))


def _equal(arrows: list[Arrow], others: list[Arrow]) -> Iterator[Row]:
    return (Row(*pair, True) for pair in zip(arrows, others, strict=True))


def _key(arrow: Arrow) -> tuple[str, ...]:
    return arrow.source, arrow.target, arrow.style, arrow.label


def outcome(journal: Journal) -> dict[str, tuple[str, str]]:
    """What became of each server by the end of a run: by its uuid its name, and its states and host."""
    end = len(journal) - 1
    names = follow(journal, Names).servers
    requests = rows.at(journal, end, "nova_api.build_requests")
    found = {
        uuid: (names.get(uuid, uuid), "still a build request") for uuid in map(_wanted, requests)
    }
    for host in hosts.at(journal, end):
        found |= {one.uuid: (one.name, f"{one.state} on {host.name}") for one in host.servers}
    found |= {one.uuid: (one.name, one.state) for one in hosts.homeless(journal, end)}
    return {uuid: (plain(name), plain(what)) for uuid, (name, what) in found.items()}


def _wanted(request: rows.Row) -> str:
    return str(request.get("instance_uuid"))
