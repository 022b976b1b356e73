"""The answer to "what if": a table of changes, and a sentence for each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simnova.observe.markup import element, escape
from simnova.observe.matrix_notes import several
from simnova.observe.table import WIDTH, Table
from simnova.whatif.search import Change

_DONE = {"passes": "passed", "wins": "won"}
_MEANS = {
    "passes": "no filter turns it down, and another host would still stand first",
    "wins": "it stands first, among equals too",
}


@dataclass(frozen=True)
class WhatIf:
    """For a host that lost: each single change that would have been enough, the least first."""

    host: str
    because: str
    changes: Sequence[Change]
    besides: Sequence[str] = ()
    """Where no single change is enough: the filters that would have turned it down, too, with their reasons."""

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __getitem__(self, place: int) -> Change:
        return self.changes[place]

    def table(self) -> Table:
        """A row a change."""
        body = [
            (
                one.what,
                amount(one.now, one.unit),
                amount(one.other, one.unit),
                "-" if one.relative is None else percent(one.relative),
                one.effect,
            )
            for one in self.changes
        ]
        return Table(("what", "from", "to", "change", "effect"), body)

    def legend(self) -> str:
        """What the effects mean that the table has."""
        told = {one.effect for one in self.changes}
        return "; ".join(f"{effect}: {said}" for effect, said in _MEANS.items() if effect in told)

    def sentences(self) -> list[str]:
        """What would have been enough, a sentence each."""
        return [sentence(self.host, one) for one in self.changes]

    @property
    def nothing(self) -> str:
        """That no change is enough, and what else stands in the way."""
        said = f"No single change that was tried would have been enough for {self.host}"
        if self.besides:
            return f"{said}; it would have fallen besides at {'; at '.join(self.besides)}."
        return f"{said}{': all of that stood in its way' if '; ' in self.because else ''}."

    def __str__(self) -> str:
        parts = [f"{self.because}.", str(self.table()) if self.changes else self.nothing]
        parts += [textwrap.fill(f"{self.legend()}.", WIDTH)] if self.changes else []
        said = [textwrap.fill(one, WIDTH, subsequent_indent="  ") for one in self.sentences()[:3]]
        return "\n\n".join([*parts, *(["\n".join(said)] if said else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = element("p", escape(f"{self.because}."))
        if not self.changes:
            return head + element("p", escape(self.nothing))
        said = "".join(element("li", escape(one)) for one in self.sentences())
        legend = element("p", escape(f"{self.legend()}."))
        return head + self.table()._repr_html_() + legend + element("ul", said)


def sentence(host: str, change: Change) -> str:
    """compute3 would have won with 1,536 MB less memory used on compute3 (18,944 instead of 20,480 MB)."""
    fell = f"; {several(change.fallen)} would have fallen" if change.fallen else ""
    return f"{_sentence(host, change)}{fell}."


def _sentence(host: str, change: Change) -> str:
    start = f"{host} would have {_DONE[change.effect]}"
    if isinstance(change.now, str) or isinstance(change.other, str):
        return f"{start} with {change.what} {change.other} (it is {change.now})"
    what = change.what.removesuffix(f" on {host}").removesuffix(f" of {host}")
    if change.side == "option" or what.endswith("_ratio") or "_per_host" in what:
        return f"{start} with {what} {number(change.other)} instead of {number(change.now)}"
    more = "less" if change.other < change.now else "more"
    by = amount(abs(change.other - change.now), change.unit)
    there = f"{number(change.other)} instead of {amount(change.now, change.unit)}"
    return f"{start} with {by} {more} {what} ({there})"


def amount(value: float | str, unit: str = "") -> str:
    """A value with its unit."""
    return value if isinstance(value, str) else f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """18,944 or 0.25."""
    value = round(value, 6)
    return f"{int(value):,}" if value == int(value) else f"{value:,g}"


def percent(share: float) -> str:
    """7.5 %, or how many times as much."""
    return f"{100 * share:.3g} %" if share < 10 else f"{share:,.3g} times"
