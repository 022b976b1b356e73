"""Host aggregates and availability zones, as an operator makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from simnova.arguments import named
from simnova.cloud.collection import Collection, Item
from simnova.exceptions import UsageError, unknown
from simnova.nova.cmd.manage import API_DB
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud


class Aggregate(Item):
    """An aggregate as it was when it was looked up."""

    def __init__(self, cloud: Cloud, values: dict[str, Any]) -> None:
        super().__init__("aggregate", values)
        self.cloud = cloud

    def add_host(self, *hosts: str) -> Aggregate:
        """Put hosts in, and return the aggregate as it is then. Raises `Refused` where their zones clash."""
        for host in hosts:
            self._act("add_host", {"host": _known(self.cloud, host)})
        return self._again()

    def remove_host(self, *hosts: str) -> Aggregate:
        """Take hosts out, and return the aggregate as it is then."""
        for host in hosts:
            self._act("remove_host", {"host": _known(self.cloud, host)})
        return self._again()

    def set_metadata(self, **metadata: str | None) -> Aggregate:
        """Add and change metadata, remove what is None, and return the aggregate as it is then.

        A key that is no Python name goes in as `set_metadata(**{"trait:HW_CPU_X86_AVX2": "required"})`.
        """
        self._act("set_metadata", {"metadata": metadata})
        return self._again()

    def update(self, **values: Any) -> Aggregate:
        """Change its `name` or `availability_zone`, and return the aggregate as it is then."""
        self.cloud.request("PUT", f"/v2.1/os-aggregates/{self.id}", {"aggregate": values})
        return self._again()

    def delete(self) -> None:
        """Delete it; raises `Refused` while it has hosts."""
        self.cloud.request("DELETE", f"/v2.1/os-aggregates/{self.id}")

    def _act(self, action: str, given: dict[str, Any]) -> None:
        self.cloud.request("POST", f"/v2.1/os-aggregates/{self.id}/action", {action: given})

    def _again(self) -> Aggregate:
        return self.cloud.aggregates[str(self.id)]


class Aggregates(Collection[Aggregate]):
    """Groups of hosts with metadata; one with a zone is an availability zone."""

    what = "aggregate"

    def rows(self) -> list[dict[str, Any]]:
        """Name, zone, hosts, the rest of the metadata."""
        hosts = self._select(API_DB, "aggregate_hosts")
        metadata = self._select(API_DB, "aggregate_metadata")
        return [_row(row, hosts, metadata) for row in self._select(API_DB, "aggregates")]

    def _item(self, row: dict[str, Any]) -> Aggregate:
        return Aggregate(self.cloud, row)

    def table(self) -> Table:
        """All of them."""
        columns = ["name", "zone", "hosts", "metadata", "id"]
        shown = [
            [row["name"], row["zone"], ", ".join(row["hosts"]), _told(row["metadata"]), row["id"]]
            for row in self.rows()
        ]
        return Table(columns, shown)

    @named
    def create(
        self,
        name: str,
        *,
        zone: str | None = None,
        hosts: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> Aggregate:
        """A new aggregate, with an availability zone if it is to be one, its hosts and its metadata.

        Raises `Refused` in Nova's words: a name that is taken, a host that is in another zone.
        """
        if isinstance(hosts, str):
            raise UsageError(f"hosts={hosts!r}: give a list of names, as in hosts=[{hosts!r}]")
        names = [_known(self.cloud, host) for host in hosts]
        body = {"aggregate": {"name": name, "availability_zone": zone}}
        made = self.cloud.request("POST", "/v2.1/os-aggregates", body)["aggregate"]
        aggregate = self[str(made["id"])]
        if metadata:
            aggregate = aggregate.set_metadata(**metadata)
        return aggregate.add_host(*names)

    def add_host(self, name: str, *hosts: str) -> Aggregate:
        """Put hosts into the aggregate of that name."""
        return self[name].add_host(*hosts)

    def remove_host(self, name: str, *hosts: str) -> Aggregate:
        """Take hosts out of the aggregate of that name."""
        return self[name].remove_host(*hosts)

    def set_metadata(self, name: str, **metadata: str | None) -> Aggregate:
        """Add, change and (None) remove metadata of the aggregate of that name."""
        return self[name].set_metadata(**metadata)

    def delete(self, name: str) -> None:
        """Delete the aggregate of that name."""
        self[name].delete()


def _row(
    row: dict[str, Any], hosts: list[dict[str, Any]], metadata: list[dict[str, Any]]
) -> dict[str, Any]:
    said = {one["key"]: one["value"] for one in metadata if one["aggregate_id"] == row["id"]}
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "zone": said.pop("availability_zone", None),
        "hosts": [one["host"] for one in hosts if one["aggregate_id"] == row["id"]],
        "metadata": said,
        "uuid": row["uuid"],
    }


def _told(metadata: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(metadata.items()))


def _known(cloud: Cloud, host: str) -> str:
    if host not in cloud.assembly.hosts:
        raise unknown("host", host, cloud.assembly.hosts)
    return host
