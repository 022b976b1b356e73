"""The door through which the scheduler's decisions reach the journal: every verdict, every weight, every choice."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simnova.kernel.clock import Clock
from simnova.kernel.journal import declare
from simnova.nova.log import getLogger

if TYPE_CHECKING:
    from simnova.nova.loadables import PlugIn

__door__ = True

LOG = getLogger(__name__)

FILTER = declare(
    "scheduler.filter", "a filter was asked about hosts; its verdict on each", payload=("verdicts",)
)
WEIGH = declare(
    "scheduler.weigh", "hosts were weighed for a server and put in order", payload=("weighers",)
)
SELECT = declare("scheduler.select", "a host was chosen for a server, and its alternates")


class Decision:
    """Notes what led to a choice. Hosts are named by their `host`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def filtered(
        self, name: str, instance: str, asked: Sequence[Any], verdicts: Sequence[bool | str]
    ) -> None:
        """What a filter said of each host: True, or why not."""
        data = {
            "filter": name,
            "instance": instance,
            "asked": len(asked),
            "passed": sum(verdict is True for verdict in verdicts),
            "verdicts": {obj.host: verdict for obj, verdict in zip(asked, verdicts, strict=True)},
        }
        self.clock.journal.record(FILTER, data)

    def weighed(
        self, instance: str, weighers: list[dict[str, Any]], weights: Mapping[str, float]
    ) -> None:
        """What each weigher said of each host, and the sums, heaviest first."""
        data = {
            "instance": instance,
            "weighers": weighers,
            "weights": dict(weights),
            "order": list(weights),
        }
        self.clock.journal.record(WEIGH, data)

    def selected(self, instance: str, host: str, alternates: list[str]) -> None:
        """The host for a server, and those that may stand in for it."""
        data = {"instance": instance, "host": host, "alternates": alternates}
        self.clock.journal.record(SELECT, data)


def blame(plug_in: PlugIn, error: Exception, about: str, instance: str) -> None:
    """A filter or weigher has raised: log who, about what, at which line of its own, with the traceback."""
    name, line = type(plug_in).__name__, own_line(plug_in, error)
    LOG.exception(
        "%s raised %s about %s: %s%s",
        name,
        type(error).__name__,
        about,
        error,
        line,
        instance=instance,
    )


def own_line(plug_in: PlugIn, error: Exception) -> str:
    """The innermost line of the plug-in's own source that the error passed, as `, in line 3: <source>`."""
    code = (getattr(found, "__code__", None) for found in vars(type(plug_in)).values())
    files = {found.co_filename for found in code if found is not None}
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files
    ]
    return f", in line {frames[-1].lineno}: {frames[-1].line}" if frames else ""
