"""Two runs side by side: the messages, states and requests to Placement of both, in their order.

Times are set apart: they are what may differ between a simulated and a real hypervisor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from simnova.kernel.journal import Journal
from simnova.observe.recording import Line, timed
from simnova.observe.table import Table

Timed = tuple[float, Line]
Pair = tuple[Timed | None, Timed | None]

_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f-]{27}\b")
_EQUAL = {True: "=", False: "≠"}


@dataclass(frozen=True)
class Comparison:
    """Lines of two journals, each beside the one it is equal to; a line that the other does not have stands alone."""

    pairs: Sequence[Pair]
    names: tuple[str, str]

    @property
    def same(self) -> bool:
        """Whether both have the same lines in the same order."""
        return all(equal(pair) for pair in self.pairs)

    @property
    def first(self) -> int | None:
        """The place of the first pair that is not equal; None where there is none."""
        return next((place for place, pair in enumerate(self.pairs) if not equal(pair)), None)

    def table(self, times: bool = False) -> Table:
        """Both in columns; with `times` the seconds since the first line."""
        first, second = self.names
        columns = [f"{first}, s", first, "", second, f"{second}, s"]
        rows = [_row(pair) for pair in self.pairs]
        kept = range(5) if times else range(1, 4)
        return Table([columns[n] for n in kept], [[row[n] for n in kept] for row in rows])

    def __str__(self) -> str:
        return str(self.table())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def side_by_side(
    a: Journal, b: Journal, names: tuple[str, str] = ("one", "the other")
) -> Comparison:
    """The reduced lines (`observe.recording`) of two journals, aligned; `names` head their columns."""
    return Comparison(list(aligned(since_first(timed(a)), since_first(timed(b)))), names)


def equal(pair: Pair) -> bool:
    """Whether both runs have the line."""
    one, other = pair
    return one is not None and other is not None and one[1] == other[1]


def words(line: Line) -> str:
    """A line as one reads it; ids by their first eight digits."""
    return _UUID.sub(r"\1", _WORDS[line["kind"]](line))


def _rpc(line: Line) -> str:
    topic = f"{line['topic']}.{line['server']}" if line["server"] else line["topic"]
    return f"{line['how']} {line['method']} to {'all of ' if line['fanout'] else ''}{topic}"


def _placement(line: Line) -> str:
    return f"Placement: {line['m']} {line['url']}, {line['status']}"


def _state(line: Line) -> str:
    host = f" on {line['host']}" if line["host"] else ""
    return f"{line['op']}: {line['vm']}, {line['task'] or '-'}, {line['power']}{host}"


def _migration(line: Line) -> str:
    return (
        f"migration ({line['type']}) {line['status']}, from {line['src']} to {line['dst'] or '-'}"
    )


_WORDS = {"rpc": _rpc, "placement": _placement, "state": _state, "migration": _migration}


def since_first(lines: list[Timed]) -> list[Timed]:
    """The same with the seconds since the first of them: bringing up a real host takes time as well."""
    return [(time - lines[0][0], line) for time, line in lines]


def aligned(a: list[Timed], b: list[Timed]) -> Iterator[Pair]:
    """Lines of two runs in pairs, each beside the one it is equal to."""
    keys, others = ([repr(line) for _, line in lines] for lines in (a, b))
    found = SequenceMatcher(None, keys, others, autojunk=False).get_opcodes()
    for tag, i, i_end, j, j_end in found:
        if tag == "equal":
            yield from zip(a[i:i_end], b[j:j_end], strict=True)
        else:
            yield from zip_longest(a[i:i_end], b[j:j_end])


def _row(pair: Pair) -> tuple[str, str, str, str, str]:
    (left, one), (right, other) = (_cells(found) for found in pair)
    return left, one, _EQUAL[equal(pair)], other, right


def _cells(found: Timed | None) -> tuple[str, str]:
    return (f"{found[0]:.3f}", words(found[1])) if found else ("", "")
