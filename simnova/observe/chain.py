"""The chain behind an event: its causes one by one, the turning points among them, and what else they led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from simnova.kernel.journal import Event, Journal
from simnova.observe.causes import lost
from simnova.observe.effects import Effects
from simnova.observe.index import follow, step
from simnova.observe.steps import level

_REACH: Final = 24
"""Effects along which a side branch is followed until it tells something."""
_WIDTH: Final = 12
"""Side branches of one event that are told."""


@dataclass(frozen=True)
class Link:
    """One event of a chain. `turn` says what was decided or went wrong there, `wait` how many seconds passed and
    `steps` how many events lie from it to the next one, `others` which steps it led to besides.
    """

    seq: int
    turn: str
    wait: float
    steps: int
    others: Sequence[int]


def chain(journal: Journal, seq: int) -> list[Link]:
    """The links from the event at `seq` back to the first cause: those that belong to the story, the event itself,
    the first, and the losses before it that the chain hangs on.

    Raises `UsageError` for a step that is not there.
    """
    causes = journal.causes(step(journal, seq))
    ends = {causes[0].seq, causes[-1].seq}
    losses = {event.seq for event in lost(journal, causes) if event.seq <= causes[0].seq}
    kept = {event.seq for event in causes if event.seq in ends or level(event) == 0} | losses
    told = sorted(kept, reverse=True)
    sides = branches(journal, causes, kept)
    return [
        Link(
            one,
            turn(journal[one]),
            journal[later].time - journal[one].time if later is not None else 0.0,
            later - one if later is not None else 0,
            sides.get(one, []),
        )
        for later, one in pairwise([None, *told])
        if one is not None
    ]


def branches(journal: Journal, causes: Sequence[Event], kept: set[int]) -> dict[int, list[int]]:
    """What each link led to beside the chain: the first step of the story on every way that leaves it."""
    effects, inside = follow(journal, Effects), {event.seq for event in causes} | kept
    found: dict[int, list[int]] = {}
    owner = causes[-1].seq
    for event in reversed(causes):
        owner = event.seq if event.seq in kept else owner
        ways = (one for one in effects.of(event.seq) if one not in inside)
        told = (telling(journal, effects, one) for one in ways)
        found.setdefault(owner, []).extend(one for one in told if one is not None)
    return {one: list(dict.fromkeys(others))[:_WIDTH] for one, others in found.items()}


def telling(journal: Journal, effects: Effects, seq: int) -> int | None:
    """The first step of the story along what an event led to; None where it led to none."""
    for _ in range(_REACH):
        event = journal[seq]
        if event.background:
            return None
        if level(event) == 0:
            return seq
        further = effects.of(seq)
        if not further:
            return None
        seq = further[0]
    return None


# --- turning points -------------------------------------------------------------------------------


def turn(event: Event) -> str:
    """What turned there: decision, fault, timeout, retry, error; empty for a step like others."""
    if event.kind == "scheduler.select":
        return "decision"
    if event.kind == "fault" or event.kind == "service.crash":
        return "fault"
    if event.kind == "rpc.timeout":
        return "timeout"
    if again(event):
        return "retry"
    return "error" if failed(event) else ""


def again(event: Event) -> bool:
    """Whether a host hands a build or a move back for another host to be tried
    (`nova/compute/manager.py`: `_do_build_and_run_instance`, `_reschedule_resize_or_reraise`).
    """
    back = str(event.data.get("method")) in {"build_instances", "migrate_server"}
    return event.kind == "rpc.cast" and back and event.actor.startswith("nova-compute@")


def failed(event: Event) -> bool:
    """Whether something went wrong: an exception, an answer of 400 or more or none, a server in ERROR, a host that no
    filter left.
    """
    data = event.data
    if event.kind in {
        "rpc.error",
        "virt.error",
        "http.error",
        "db.refused",
        "db.unreachable",
        "state.unexpected",
    }:
        return True
    if event.kind == "http.response":
        status = data.get("status")
        return not isinstance(status, int) or status >= 400
    if event.kind == "scheduler.filter":
        return data.get("passed") == 0
    after = data.get("after") if event.kind.startswith("db.") else None
    row = after if isinstance(after, dict) else {}
    return row.get("vm_state") == "error" or row.get("status") == "error"
