"""The door through which the scheduler's decisions reach the journal: every verdict, every weight, every choice."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simnova.kernel.clock import Clock
from simnova.kernel.journal import declare
from simnova.kernel.late import Late
from simnova.nova.log import getLogger

if TYPE_CHECKING:
    from simnova.nova.loadables import PlugIn
    from simnova.nova.scheduler.history import Moment

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
        self,
        name: str,
        instance: str,
        asked: int,
        begin: Moment,
        gone: Mapping[int, str],
        rejected: Mapping[int, str],
    ) -> None:
        """What a filter said of each host: True, or why not. `gone` are the slots that others had rejected."""
        passed = asked - len(rejected)
        data = {"filter": name, "instance": instance, "asked": asked, "passed": passed}
        late = Late(data, ("verdicts",), _filtered, (begin, gone, rejected))
        self.clock.journal.record(FILTER, late)

    def weighed(self, instance: str, before: Moment, after: Moment) -> None:
        """What each weigher said of each host, before they were sorted, and the sums, heaviest first."""
        late = Late({"instance": instance}, _WEIGHED, _weighed, (before, after))
        self.clock.journal.record(WEIGH, late)

    def selected(self, instance: str, host: str, alternates: list[str]) -> None:
        """The host for a server, and those that may stand in for it."""
        data = {"instance": instance, "host": host, "alternates": alternates}
        self.clock.journal.record(SELECT, data)


_WEIGHED = ("weighers", "weights", "order")


def _filtered(begin: Moment, gone: Mapping[int, str], rejected: Mapping[int, str], _: str) -> Any:
    return begin.verdicts(gone, rejected)


def _weighed(before: Moment, after: Moment, name: str) -> Any:
    if name == "weighers":
        return before.weighers()
    return after.weights() if name == "weights" else list(after.weights())


def blame(plug_in: PlugIn, error: Exception, about: str, instance: str) -> None:
    """A filter or weigher has raised: log who, about what, at which line of its own, with the traceback.

    What the plug-in has noted about the error (`add_note`) is told in place of the line.
    """
    noted = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    name, line = type(plug_in).__name__, noted or own_line(plug_in, error)
    about = getattr(error, "about", about)
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
