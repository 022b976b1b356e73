"""Nova's services as their rows tell of them, and what an operator does to those of compute hosts."""

from __future__ import annotations

from typing import Any

from simnova.cloud.collection import Items
from simnova.exceptions import unknown
from simnova.nova import servicegroup
from simnova.nova.cmd.manage import CELL1_DB
from simnova.observe.table import Table


class Services(Items):
    """What reports to the database: nova-conductor, nova-scheduler and every nova-compute."""

    what = "service"

    def rows(self) -> list[dict[str, Any]]:
        """Name, status, state, why it is disabled, when it last reported."""
        group = servicegroup.API(self.cloud.conf, self.cloud.clock)
        return [
            {
                "name": f"{row['binary']}@{row['host']}",
                "host": row["host"],
                "status": "disabled" if row["disabled"] else "enabled",
                "state": "up" if group.service_is_up(row) else "down",
                "reason": row["disabled_reason"],
                "forced_down": bool(row["forced_down"]),
                "last_seen_up": row["last_seen_up"],
                "id": row["uuid"],
            }
            for row in self._select(CELL1_DB, "services")
            if not row["deleted"]
        ]

    def table(self) -> Table:
        """All of them."""
        columns = ["name", "status", "state", "reason", "forced_down"]
        return Table(columns, [[row[column] for column in columns] for row in self.rows()])

    def disable(self, host: str, reason: str | None = None) -> None:
        """Have a compute host take no new servers; those that it has go on."""
        why = {"disabled_reason": reason} if reason else {}
        self._update(host, status="disabled", **why)

    def enable(self, host: str) -> None:
        """Have it take servers again."""
        self._update(host, status="enabled")

    def force_down(self, host: str, forced_down: bool = True) -> None:
        """Say that a compute host is down, without waiting for its reports to stay away; False takes it back."""
        self._update(host, forced_down=forced_down)

    def _update(self, host: str, **values: Any) -> None:
        ids = {
            row["host"]: row["id"]
            for row in self.rows()
            if row["name"] == f"nova-compute@{row['host']}"
        }
        wanted = host.removeprefix("nova-compute@")
        if wanted not in ids:
            raise unknown("compute host", wanted, ids)
        self.cloud.request("PUT", f"/v2.1/os-services/{ids[wanted]}", values)
