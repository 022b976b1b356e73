"""Which events concern which server: by what they hold, and by the requests that they belong to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from simnova.kernel.journal import Event
from simnova.observe.names import Names, uuids

_BEGINNING: Final = re.compile(r"[0-9a-f]{4,8}(-[0-9a-f-]*)?")
"""What can be the beginning of a uuid, and is not found in many of them."""


def asks_around(event: Event) -> bool:
    """Whether a service asks another: on a boot, a host's tracker asks for its other servers' allocations, too."""
    return event.kind.startswith("http.") and event.actor != "client"


class Concerned:
    """Events and requests by the uuids that they are about; `follow(journal, Concerned)`. `bound` is how many requests
    are known to be about one: the events of one that is bound later were so from its beginning.
    """

    def __init__(self) -> None:
        self.bound = 0
        self._events: defaultdict[str, set[int]] = defaultdict(set)
        self._requests: defaultdict[str, set[str]] = defaultdict(set)
        self._owners: dict[tuple[Any, ...], str] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        for uuid in self._about(event):
            self._events[uuid].add(event.seq)
            if event.request_id and not asks_around(event):
                self.bound += event.request_id not in self._requests[uuid]
                self._requests[uuid].add(event.request_id)

    def concerns(self, event: Event, uuid: str) -> bool:
        """Whether an event, or the request that it belongs to, is about that server."""
        return event.seq in self._events[uuid] or event.request_id in self._requests[uuid]

    def _about(self, event: Event) -> Iterator[str]:
        data = event.data
        if data.get("instance"):
            yield str(data["instance"])
        if event.kind.startswith("db."):
            yield from self._row(event)
        elif event.kind.startswith("http."):
            yield from uuids(str(data.get("path")))
        elif event.kind.startswith("rpc.") and event.request_id is None:
            yield from dict.fromkeys(uuids(str(data.get("body"))))

    def _row(self, event: Event) -> Iterator[str]:
        data = event.data
        key = data.get("db"), data.get("table"), str(data.get("key"))
        row = data.get("after") or data.get("before") or {}
        own = row.get("uuid") if data.get("table") in ("instances", "consumers") else None
        owner = row.get("instance_uuid") or row.get("consumer_id") or own
        if owner:
            self._owners[key] = str(owner)
        if key in self._owners:
            yield self._owners[key]


def called(names: Names, server: str) -> list[str]:
    """The uuids of the servers that have or had that name, or whose uuid begins so."""
    begun = (
        [uuid for uuid in names.servers if uuid.startswith(server)]
        if _BEGINNING.fullmatch(server)
        else []
    )
    return list(dict.fromkeys((*names.called.get(server, ()), *begun)))
