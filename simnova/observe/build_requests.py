"""Servers that were deleted before they had a row in a cell: nothing is left of them but what the journal saw."""

from __future__ import annotations

from simnova.kernel.journal import Event


class Withdrawn:
    """The build requests that have gone, by server, each a server as JSON; `follow(journal, Withdrawn)`.

    That of a server that was built has gone too. A journal that keeps no payloads has none of them.
    """

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self.at: dict[str, int] = {}
        """The step at which each has gone."""

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if event.kind == "db.delete" and event.data.get("table") == "build_requests":
            row = event.data.get("before") or {}
            if "instance" in row:
                uuid = str(row.get("instance_uuid"))
                self.of[uuid], self.at[uuid] = row["instance"], event.seq
