"""Nova's services as `openstack compute service list` shows them, and what an operator does to compute hosts'."""

from __future__ import annotations

from typing import Any

from simnova.cloud.collection import Items
from simnova.exceptions import unknown
from simnova.nova import availability_zones, servicegroup
from simnova.nova.api.services import shown
from simnova.nova.api.versions import MAX_VERSION
from simnova.nova.compute.api.host import all_services
from simnova.nova.context import get_admin_context
from simnova.observe.table import Table

_COLUMNS = {
    "ID": "id",
    "Binary": "binary",
    "Host": "host",
    "Zone": "zone",
    "Status": "status",
    "State": "state",
    "Updated At": "updated_at",
    "Disabled Reason": "disabled_reason",
    "Forced Down": "forced_down",
}


class Services(Items):
    """What reports to the database: nova-conductor, nova-scheduler and every nova-compute.

    The workers of one service share its row, which is down when none of them reports any more.
    """

    what = "service"

    def rows(self) -> list[dict[str, Any]]:
        """What `GET /os-services` says of each at this moment, and its name, `nova-compute@compute1`."""
        self._check_open()
        return self._read(self._listed())

    async def _listed(self) -> list[dict[str, Any]]:
        conf, context = self.cloud.conf, get_admin_context(self.cloud.assembly.onlooker())
        services = await all_services(context)
        zones = await availability_zones.zones_of(context, conf, services)
        group = servicegroup.API(conf, self.cloud.clock)
        return [
            {"name": f"{one['binary']}@{one['host']}", **one}
            for one in shown(services, zones, group, MAX_VERSION)
        ]

    def table(self) -> Table:
        """All of them, in the columns of `openstack compute service list`; two only where one has something there."""
        rows = self.rows()
        columns = {
            title: name
            for title, name in _COLUMNS.items()
            if name not in ("disabled_reason", "forced_down") or any(row[name] for row in rows)
        }
        body = [[row[name] for name in columns.values()] for row in rows]
        return Table(
            list(columns),
            body,
            whole=[one for one in columns if one not in ("ID", "Disabled Reason")],
        )

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

    def delete(self, service: str) -> None:
        """Forget a service that will not come back (`openstack compute service delete`): a host, or a name.

        With a compute host go its node, its provider in Placement, its mapping to a cell and its places in
        aggregates. Refused (409) while servers are on it or move.
        """
        binary = {row["name"]: row["id"] for row in self.rows()}
        known = {**self._computes(), **binary}
        if service not in known:
            raise unknown("service", service, known)
        self.cloud.request("DELETE", f"/v2.1/os-services/{known[service]}")

    def _update(self, host: str, **values: Any) -> None:
        ids, wanted = self._computes(), host.removeprefix("nova-compute@")
        if wanted not in ids:
            raise unknown("compute host", wanted, ids)
        self.cloud.request("PUT", f"/v2.1/os-services/{ids[wanted]}", values)

    def _computes(self) -> dict[str, str]:
        return {row["host"]: row["id"] for row in self.rows() if row["binary"] == "nova-compute"}
