"""What the engine does first of several things that are due at the same instant."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

Entry = tuple[float, Any, int, Any]
"""When it is due, how urgent it is, its number, and what it is: so SimPy's queue has it."""


def untie(queue: list[Entry], decide: Callable[[int], int]) -> None:
    """Where several of the first urgency are due at once, bring the one that is decided on to the front."""
    first = queue[0]
    if not any(entry[:2] == first[:2] for entry in queue[1:3]):
        return
    tied = sorted(entry for entry in queue if entry[:2] == first[:2])
    chosen = tied[decide(len(tied))]
    if chosen is not first:
        queue.remove(chosen)
        heapq.heapify(queue)
        heapq.heappush(queue, (*first[:2], first[2] - 1, chosen[3]))
