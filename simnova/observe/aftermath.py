"""What came after a decision: builds that failed on the chosen host, and requests that found none."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile

from simnova.kernel.journal import Event, Journal
from simnova.observe.index import follow
from simnova.observe.names import host_of, uuids

_FAILED = re.compile(r"Build of instance \S+ (was re-scheduled|aborted): (.*)", re.DOTALL)
"""What nova-compute logs of a build that it gives up."""
_GOES_ON = re.compile(r"Selected host: (\S+); ")
"""What the conductor logs of the host that it sends a server to."""
_OVER = re.compile(r"Failed to compute_task_build_instances: (.*)", re.DOTALL)
"""What the conductor logs of a server that it sends nowhere any more."""
_TOLD = {"nova.compute.manager", "nova.conductor.manager", "nova.scheduler.utils"}


class Aftermath:
    """What is logged of each server's builds, and the requests for which the scheduler answered with
    an error; `follow(journal, Aftermath)`.
    """

    def __init__(self) -> None:
        self.builds: dict[str, list[int]] = defaultdict(list)
        self.failed: dict[str | None, list[int]] = defaultdict(list)

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind == "scheduler.select":
            self.builds[str(event.data.get("instance"))].append(event.seq)
        elif event.kind == "rpc.error" and event.data.get("method") == "select_destinations":
            self.failed[event.request_id].append(event.seq)
        elif event.kind == "log" and event.data.get("logger") in _TOLD and _about_build(event):
            told = event.data.get("instance") or next(
                iter(uuids(str(event.data.get("message")))), ""
            )
            self.builds[told].append(event.seq)


def _about_build(event: Event) -> bool:
    message = str(event.data.get("message"))
    return any(one.match(message) for one in (_FAILED, _GOES_ON, _OVER))


def refused(journal: Journal, seq: int, end: int) -> bool:
    """Whether the scheduler answered the request of step `seq` with an error, up to step `end`."""
    found = follow(journal, Aftermath).failed.get(journal[seq].request_id, [])
    place = bisect_right(found, seq)
    return place < len(found) and found[place] <= end


def afterwards(journal: Journal, instance: str, seq: int, end: int) -> list[str]:
    """What became of the builds after the choice made at step `seq`, a sentence each."""
    known = follow(journal, Aftermath).builds.get(instance, [])
    after = [journal[one] for one in known if seq < one <= end]
    mine = takewhile(lambda event: event.kind != "scheduler.select", after)
    return list(_told(list(mine)))


def _told(events: list[Event]) -> Iterator[str]:
    for place, event in enumerate(events):
        failed = _FAILED.match(str(event.data.get("message")))
        if failed:
            later = str(events[place + 1].data.get("message")) if events[place + 1 :] else ""
            why = " ".join(failed[2].split()).rstrip(".")
            yield f"the build on {host_of(event.actor)} failed ({why}){_then(failed[1], later)}"


def _then(how: str, later: str) -> str:
    """Where the server went after a failed build."""
    to, over = _GOES_ON.match(later), _OVER.match(later)
    if to:
        return f"; it went on to the alternate {to[1]}"
    if over:
        return f" and no other host was tried: {over[1].rstrip('.')}"
    return " and no other host is tried" if how == "aborted" else ""
