"""What work costs in a cloud that is asked for it: `Cloud(costs="measured")`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.cloud.checks import MOST, is_number
from simnova.cloud.neighbours import NEIGHBOURS
from simnova.exceptions import UsageError, one_of, quoted
from simnova.kernel.clock import Clock
from simnova.kernel.costs import DATABASE, REQUEST, TRANSACTION, WHAT, Costs

__door__ = True

MEASURED = {REQUEST: 0.005, TRANSACTION: 0.0018, DATABASE: 0.0005}
"""Seconds that add up to what a boot cost real Nova 34.0.0: 230 ms of CPU in all of Nova and Placement, on SQLite, one
boot after another. There are 21 requests and 55 transactions in it; that half of the time goes to either is a guess.
"""

FREE = frozenset({*NEIGHBOURS, "client"})
"""Who computes in no time: the services beside Nova, which have processes enough, and who asks from outside."""


def as_costs(given: Any) -> dict[str, float]:
    """The costs, from a mapping of seconds, "measured", or None for a cloud in which nothing computes in any time.

    Raises UsageError for a cost that there is not, or one that is no number of seconds.
    """
    if given is None:
        return {}
    if given == "measured":
        return dict(MEASURED)
    if not isinstance(given, Mapping):
        raise UsageError(f"costs={given!r}: give 'measured', or a dict as in costs={MEASURED}")
    for what, seconds in given.items():
        one_of("cost", what, WHAT)
        if not (is_number(seconds) and 0 <= seconds <= MOST):
            raise UsageError(
                f"the cost of a {what} is in seconds, 0 or more, not {quoted(seconds)}"
            )
    return dict(given)


def charge(clock: Clock, seconds: Mapping[str, float]) -> None:
    """Have work cost that much from now on."""
    clock.costs = Costs(clock, seconds, FREE)
