"""Rows of the picture of the bus: services side by side with their queues, of too many those that talked last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from simnova.observe.bus import FANOUT, NAMED, NOBODY, REPLY, bare
from simnova.observe.company import Seats, hypervisor, is_compute
from simnova.observe.markup import short

CARD, PILL, METAL, DRIVES, GAP = 32.0, 18.0, 18.0, 16.0, 8.0
"""Pixels: the height of a service, of a queue, of a hypervisor, the way to it; the space between columns."""
LANE: Final = 18.0
"""Pixels that stay free beside a service's queues, for the way to its exchange."""
FOLD: Final = 58.0
NAMES: Final = 30
"""Names of those that are folded away that are told."""
CHIPS: Final = {REPLY: ("↩", "reply", 36.0), FANOUT: ("✱", "fanout", 40.0)}
"""Of replies and fanouts: what stands on a narrow queue, on a wide one, and how wide that is."""
CHIP: Final = 19.0
LETTER: Final = 5.1
"""Pixels of a letter in a queue's name."""
NARROW: Final = 70.0
"""Pixels of a column below which everything in it is smaller."""


class Spot(NamedTuple):
    """Something in the picture: where it is, how large, and what is written on it.

    `kind` is service, compute, nobody, hypervisor, exchange, queue, reply, fanout or fold; `aside` is written small
    over the label; `knee` is how far a way from it goes straight before it bends; `also` are the other queues that it
    stands for.
    """

    kind: str
    name: str
    x: float
    y: float
    w: float
    h: float
    label: str
    aside: str = ""
    knee: float = 0.0
    also: tuple[str, ...] = ()

    @property
    def middle(self) -> float:
        """The middle from left to right."""
        return self.x + self.w / 2

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.h


@dataclass
class Row:
    """Services from `x` on over `width` pixels, at `y`; their queues at `queues_y`, above or below them."""

    members: Sequence[str]
    x: float
    width: float
    y: float
    queues_y: float | None = None
    queues: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    least: float = 74.0
    height: float = CARD
    heard: Sequence[tuple[int, str]] = ()

    def __post_init__(self) -> None:
        most = max(2, int((self.width + GAP) // (self.least + GAP)))
        self.folds = len(self.members) > most
        room = most - self.folds
        computes = [name for name in self.members if is_compute(name)]
        others = [name for name in self.members if not is_compute(name)]
        kept = min(len(others), room - bool(computes))
        self._others = Seats(others, kept, self.heard)
        self._computes = Seats(computes, room - kept, self.heard)

    def seated(self, seq: int) -> list[str]:
        """Who has a place at a step; hosts make room for hosts only."""
        return [*self._others.at(seq), *self._computes.at(seq)]

    @property
    def column(self) -> float:
        """Pixels from one service to the next."""
        room = self.width - (FOLD + GAP if self.folds else 0)
        return (room + GAP) / max(1, len(self.seated(-1)))

    def at(self, seq: int) -> list[Spot]:
        """What stands in the row at a step."""
        seated = self.seated(seq)
        spots = [
            spot
            for place, name in enumerate(seated)
            for spot in self.one(name, self.x + place * self.column)
        ]
        return [*spots, self.fold(seated)] if self.folds else spots

    @property
    def knee(self) -> float:
        """How far ways from the services go straight: past their queues."""
        if self.queues_y is None:
            return self.y
        return self.queues_y - 3 if self.queues_y < self.y else self.queues_y + PILL + 3

    def one(self, name: str, x: float) -> list[Spot]:
        """A service with its queues, and with the hypervisor that it drives."""
        wide = self.column - GAP
        kind = "compute" if is_compute(name) else "service" if name != NOBODY else "nobody"
        label, aside = called(name)
        label, aside = cut(label, wide - 8, 6.4), cut(aside, wide - 8, 4.9)
        spots = [Spot(kind, name, x, self.y, wide, self.height, label, aside, self.knee)]
        if kind == "compute":
            y = self.y + CARD + DRIVES
            spots.append(
                Spot("hypervisor", hypervisor(name), x + 6, y, wide - 12, METAL, "hypervisor")
            )
        return [*spots, *self.pills(name, x, wide)]

    def pills(self, name: str, x: float, wide: float) -> list[Spot]:
        """The queues of a service: its topics, and small ones for replies and fanouts."""
        if self.queues_y is None:
            return []
        own = self.queues.get(name, {})
        topics, chips = own.get(NAMED, []), [kind for kind in (REPLY, FANOUT) if kind in own]
        lane, chip = (LANE, CHIP) if wide > NARROW else (LANE - 6, CHIP - 6)
        words = _fit(topics, wide - lane - sum(CHIPS[kind][2] + 3 for kind in chips))
        sizes = [CHIPS[kind][2] if words else chip for kind in chips]
        each = (wide - lane - sum(sizes) - 3 * len(chips)) / max(1, len(topics))
        spots = [
            Spot(
                "queue",
                queue,
                x + lane + each * place,
                self.queues_y,
                each - 2,
                PILL,
                _topic(queue, each),
            )
            for place, queue in enumerate(topics)
        ]
        for place, (kind, size) in enumerate(zip(chips, sizes, strict=True)):
            left = x + wide - sum(sizes[place:]) - 3 * (len(chips) - 1 - place)
            first, *also = own[kind]
            label = CHIPS[kind][1] if words else CHIPS[kind][0]
            spots.append(
                Spot(kind, first, left, self.queues_y, size, PILL, label, also=tuple(also))
            )
        return spots

    def fold(self, seated: Sequence[str]) -> Spot:
        """The rest, as one that stands for all their queues."""
        rest = [name for name in self.members if name not in seated]
        holds = [
            queue for name in rest for kind in self.queues.get(name, {}).values() for queue in kind
        ]
        named = ", ".join(map(called_short, rest[:NAMES])) + (", …" if len(rest) > NAMES else "")
        x, label = self.x + self.width - FOLD, f"{len(rest)} more"
        aside = "hosts" if all(map(is_compute, rest)) else "services"
        return Spot("fold", named, x, self.y, FOLD, self.height, label, aside, also=tuple(holds))


def cut(text: str, room: float, letter: float = 5.4) -> str:
    """A name, cut to what fits into so many pixels."""
    letters = max(2, int(room / letter))
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _topic(queue: str, each: float) -> str:
    return cut(short(bare(queue)), each - 7, LETTER)


def _fit(topics: Sequence[str], room: float) -> bool:
    """Whether the names of queues fit side by side into so many pixels, or there are none and room for words."""
    each = (room / max(1, len(topics))) - 7
    return room > 0 and all(LETTER * len(bare(queue)) <= each for queue in topics)


def called_short(name: str) -> str:
    """A host, or a service."""
    return called(name)[0]


def called(name: str) -> tuple[str, str]:
    """What is written on a service: its name, and small what kind of it or where it is."""
    binary, _, host = name.partition("@")
    if is_compute(name):
        return host, binary
    plain = binary.removeprefix("nova-")
    return plain or "nobody listens", host or ("nova" if plain != binary else "")
