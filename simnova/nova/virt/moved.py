"""How fast guests were moved while they ran, and how fast they wrote meanwhile: read from a journal.

A simulated hypervisor tells every round; of a real one it is what had to be moved, in the time that it took, and what
QEMU has measured of the guest. So a simulated guest of the same size takes as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from simnova.kernel.journal import Journal

__door__ = True

LEAST = 1e-6
"""Seconds to which steps are measured."""


class Rate(NamedTuple):
    """Of one live migration that was done: MB (2**20 bytes) a second."""

    bandwidth: float
    dirty: float


def rates(journal: Journal) -> Iterator[Rate]:
    """Of every live migration in a journal whose guest has arrived, and that took any time."""
    rounds: dict[str, list[Mapping[str, Any]]] = {}
    for event in journal:
        if event.kind != "virt.step" or event.data["step"] not in ("precopy", "switchover"):
            continue
        guest, step = str(event.data["instance"]), event.data
        if step["step"] == "precopy":
            so_far = rounds.setdefault(guest, [])
            if step["round"] <= len(so_far):  # an earlier one was given up
                so_far.clear()
            so_far.append(step)
        else:
            yield from _rate(rounds.pop(guest, []), step)


def _rate(rounds: list[Mapping[str, Any]], last: Mapping[str, Any]) -> Iterator[Rate]:
    if "moved" in last:
        if last["took"] > LEAST:
            yield Rate(last["moved"] / last["took"], last["dirty"])
        return
    seconds = sum(one["seconds"] for one in rounds)
    if seconds > LEAST:
        free = [one for one in rounds if not one["throttle"] and one["seconds"] > LEAST]
        written = [one["left"] / one["seconds"] for one in free]
        yield Rate(rounds[-1]["sent"] / seconds, written[0] if written else 0.0)
