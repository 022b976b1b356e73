"""The last sentence of a story: where the servers have got to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from simnova.observe.endings import Ending
from simnova.observe.markup import plain

FEW = 4
"""Servers that are told of one by one."""


def ending(ends: Sequence[Ending]) -> str:
    """Where each server has got to, of many the states alone; empty where there is none."""
    if len(ends) <= FEW:
        return plain(" ".join(map(one, ends)))
    kinds = sorted(ends, key=place)
    return " ".join(several(list(alike)) for _, alike in groupby(kinds, key=place))


def place(end: Ending) -> tuple[bool, str]:
    """Where a server stands: whether something is being done to it, and its vm_state."""
    return bool(end.doing), end.vm_state


def one(end: Ending) -> str:
    """One server."""
    if end.doing:
        return f"{end.server} is still {end.doing} {end.took:.2f} s after the request."
    return f"{end.server} is {end.vm_state.upper()} {end.took:.2f} s after the request."


def several(alike: Sequence[Ending]) -> str:
    """Servers that stand alike."""
    most = max(end.took for end in alike)
    if alike[0].doing:
        return f"{len(alike)} servers are still being worked on."
    return (
        f"{len(alike)} server{'s are' if len(alike) > 1 else ' is'} {alike[0].vm_state.upper()}, "
        f"at most {most:.2f} s after the request."
    )
