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
    """Events and requests by the uuids that they are about; `follow(journal, Concerned)`."""

    def __init__(self) -> None:
        self._names = Names()
        self._events: defaultdict[str, set[int]] = defaultdict(set)
        self._requests: defaultdict[str, set[str]] = defaultdict(set)
        self._owners: dict[tuple[Any, ...], str] = {}
        self._asked: dict[str, tuple[int, list[str]]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event."""
        self._names.add(event)
        for uuid in self._about(event):
            self._events[uuid].add(event.seq)
            if event.request_id and not asks_around(event):
                self._requests[uuid].add(event.request_id)

    def concerns(self, event: Event, server: str) -> bool:
        """Whether an event is about a server, given by a name it has or had, or by how its uuid begins."""
        return any(
            event.seq in self._events[uuid] or event.request_id in self._requests[uuid]
            for uuid in self.called(server)
        )

    def called(self, server: str) -> list[str]:
        """The uuids that are meant."""
        known = self._names.servers
        size, found = self._asked.get(server, (-1, []))
        if size != len(known) and _BEGINNING.fullmatch(server):
            found = [uuid for uuid in known if uuid.startswith(server)]
            self._asked[server] = len(known), found
        return [*self._names.called.get(server, ()), *found]

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
