"""The sequence: lifelines from the client to the guests, and every message between them, as data.

Text and SVG are drawn from it (`sequence_svg`); the player draws from the same arrows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence as Many
from dataclasses import asdict, dataclass
from typing import Any

from simnova.kernel.journal import Event, Journal
from simnova.observe import sequence_svg
from simnova.observe.index import follow, last
from simnova.observe.markup import plain, short, shorten
from simnova.observe.names import HYPERVISOR, host_of, place
from simnova.observe.pairs import Pairs
from simnova.observe.steps import level

_SIGNS = {"cast": "- ->", "fanout": "= =>", "reply": "...>", "response": "...>", "return": "...>"}
_ERROR = "x..>"


@dataclass(frozen=True)
class Arrow:
    """One row of the diagram: from `source` at step `seq` to `target` at step `seq_end`, None while
    it is under way.

    `style` is call, cast, fanout, reply, error, timeout, request, response, virt, return; or, where
    source and target are one, a note on a lifeline: state, decision, fault, service.
    """

    seq: int
    seq_end: int | None
    source: str
    target: str
    label: str
    style: str
    time: float = 0.0
    background: bool = False

    @property
    def note(self) -> bool:
        """Whether it stands on one lifeline."""
        return self.source == self.target

    def __str__(self) -> str:
        label = shorten(short(plain(self.label)), 44)
        if self.note:
            return f"{self.seq:>6} {self.time:>9.3f}  {self.source:<22} * {label}"
        sign = _ERROR if self.style == "error" else _SIGNS.get(self.style, "--->")
        return (
            f"{self.seq:>6} {self.time:>9.3f}  {self.source:<22} {sign} {self.target:<22} {label}"
        )


@dataclass(frozen=True)
class Sequence:
    """Lifelines from left to right, and arrows in the order of time."""

    actors: Many[str]
    arrows: Many[Arrow]

    def __len__(self) -> int:
        return len(self.arrows)

    def __str__(self) -> str:
        return "\n".join(["  step      time  from / to", *map(str, self.arrows)])

    def __repr__(self) -> str:
        return f"<Sequence of {len(self.arrows)} arrows between {len(self.actors)} lifelines>"

    def as_dict(self) -> dict[str, Any]:
        """JSON-able: actors and arrows."""
        return {"actors": list(self.actors), "arrows": [asdict(arrow) for arrow in self.arrows]}

    def window(self, first: int, final: int) -> Sequence:
        """The part between two steps, with the lifelines that it touches."""
        kept = [arrow for arrow in self.arrows if first <= arrow.seq <= final]
        return Sequence(lifelines(kept), kept)

    def svg(self, current: int | None = None, window: tuple[int, int] | None = None) -> str:
        """The diagram; `current` is the step to highlight, `window` the first and last step to
        show.
        """
        part = self if window is None else self.window(*window)
        return sequence_svg.draw(part.actors, part.arrows, current)

    def _repr_svg_(self) -> str:
        return self.svg()


def lifelines(arrows: Many[Arrow]) -> list[str]:
    """The actors of some arrows, from left to right."""
    return sorted({end for arrow in arrows for end in (arrow.source, arrow.target)}, key=place)


class Arrows:
    """The events that are rows of a diagram; `follow(journal, Arrows)`."""

    def __init__(self) -> None:
        self.of: list[int] = []

    def add(self, event: Event) -> None:
        """Take in the next event."""
        room = event.kind.partition(".")[0]
        if room in {"http", "rpc", "virt"} or level(event) == 0:
            self.of.append(event.seq)


def arrows(
    journal: Journal,
    upto: int | None = None,
    *,
    first: int = 0,
    detail: str = "story",
    background: bool = False,
) -> Sequence:
    """The sequence from step `first` up to step `upto`; with "messages" nova-compute's RPC for rows
    as well.
    """
    end = last(journal, upto)
    deepest = 0 if detail == "story" else 1
    places = follow(journal, Arrows).of
    drawn = [
        arrow
        for seq in places[bisect_left(places, first) : bisect_right(places, end)]
        if (background or not journal[seq].background) and level(journal[seq]) <= deepest
        for arrow in drawn_from(journal, journal[seq], end)
    ]
    return Sequence(lifelines(drawn), drawn)


def drawn_from(journal: Journal, event: Event, end: int) -> list[Arrow]:
    """The arrows of one event; several for a fanout that reached several, none for what has no
    place in a diagram.
    """
    room = event.kind.partition(".")[0]
    if room == "rpc":
        return rpc(journal, event, end)
    if room == "http":
        return [http(journal, event, end)]
    if room == "virt":
        return [virt(event)]
    return [on_lifeline(event, *note(event))]


def on_lifeline(event: Event, label: str, style: str) -> Arrow:
    """A note."""
    actor = event.actor
    return Arrow(event.seq, event.seq, actor, actor, label, style, event.time, event.background)


def rpc(journal: Journal, event: Event, end: int) -> list[Arrow]:
    """Calls, casts and answers, each to where it was delivered; to where it is bound for while it
    is under way.
    """
    pairs = follow(journal, Pairs)
    question = journal[pairs.asked[event.seq]] if event.seq in pairs.asked else None
    style = "fanout" if event.data.get("fanout") else event.kind.partition(".")[2]
    method = event.data.get("method") or (question.data.get("method") if question else "")
    if style in {"timeout", "duplicate"}:
        return [on_lifeline(event, f"{style}: {method}", "timeout")]
    if style == "error" and event.data.get("msg_id") is None:
        return [on_lifeline(event, f"{event.data.get('error')}: {method}", "error")]
    arrived = [journal[seq] for seq in pairs.arrivals(event.seq) if seq <= end]
    bound = question.actor if question else meant_for(event)
    ends: list[tuple[str, int | None]] = [(one.actor, one.seq) for one in arrived]
    return [
        Arrow(
            event.seq, stop, event.actor, target, str(method), style, event.time, event.background
        )
        for target, stop in ends or [(bound, None)]
    ]


def meant_for(event: Event) -> str:
    """The service that a topic and a server name."""
    topic, server = (
        event.data.get("topic") or event.data.get("to") or "nobody",
        event.data.get("server"),
    )
    return f"nova-{topic}@{server}" if topic == "compute" and server else f"nova-{topic}"


def http(journal: Journal, event: Event, end: int) -> Arrow:
    """A request, with the step of its answer as its end; an answer, or the lack of one."""
    pairs, data = follow(journal, Pairs), event.data
    what = f"{data.get('method')} {data.get('path')}"
    if event.kind == "http.request":
        answered = pairs.answered.get(event.seq)
        stop = answered if answered is not None and answered <= end else None
        label, style = what, "request"
    else:
        stop, status = event.seq, data.get("status")
        failed = event.kind == "http.error" or not isinstance(status, int) or status >= 400
        label, style = f"{status or 'no answer'}", "error" if failed else "response"
    source, target = event.actor, str(data.get("to"))
    if event.kind == "http.error":
        source, target = target, source
    return Arrow(event.seq, stop, source, target, label, style, event.time, event.background)


def virt(event: Event) -> Arrow:
    """A call of the driver, or its answer."""
    guest = f"{HYPERVISOR}{host_of(event.actor) or event.actor}"
    if event.kind == "virt.step":
        step = str(event.data.get("step"))
        return Arrow(event.seq, event.seq, guest, guest, step, "virt", event.time, event.background)
    ends = (event.actor, guest) if event.kind == "virt.call" else (guest, event.actor)
    style = {"virt.call": "virt", "virt.return": "return"}.get(event.kind, "error")
    label = str(event.data.get("method"))
    return Arrow(event.seq, event.seq, *ends, label, style, event.time, event.background)


def note(event: Event) -> tuple[str, str]:
    """What stands on a lifeline, and its style."""
    data, room = event.data, event.kind.partition(".")[0]
    if room == "db":
        return state(event), "state"
    if event.kind == "scheduler.filter":
        return f"{data.get('filter')} {data.get('asked')} → {data.get('passed')}", "decision"
    if event.kind == "scheduler.weigh":
        weighed = data.get("order") or data.get("weights") or ()
        return f"weigh {len(weighed)} hosts", "decision"
    if event.kind == "scheduler.select":
        return f"★ {data.get('host')}", "decision"
    return str(data.get("verb") or event.kind.partition(".")[2] or event.kind), room


def state(event: Event) -> str:
    """A row change in a few words: `task_state → spawning`."""
    after, table = event.data.get("after") or {}, event.data.get("table")
    shown = [name for name in ("vm_state", "task_state", "host") if name in after]
    if event.kind == "db.insert":
        return f"+ {table}" + (f" ({after['task_state']})" if after.get("task_state") else "")
    if event.kind == "db.delete":
        return f"- {table}"
    if not shown and table == "instance_mappings":
        return "mapped to its cell"
    return ", ".join(f"{name} → {after[name]}" for name in shown) or f"{table} changed"
