"""Flavors and their extra specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simnova.arguments import named
from simnova.cloud.collection import Collection, Item
from simnova.nova.cmd.manage import API_DB
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud


class Flavor(Item):
    """A flavor as it was when it was looked up: `vcpus`, `memory_mb`, `root_gb`, `extra_specs` …"""

    def __init__(self, cloud: Cloud, values: dict[str, Any]) -> None:
        super().__init__("flavor", values)
        self.cloud = cloud

    def set(self, specs: Mapping[str, Any] | None = None, **more: Any) -> Flavor:
        """Add and change extra specs, and return the flavor as it is then. Raises `Refused` with Nova's words.

        `flavor.set({"hw:numa_nodes": 2})`, `flavor.set(ssd="true")`.
        """
        body = {"extra_specs": {**(specs or {}), **more}}
        self.cloud.request("POST", f"/v2.1/flavors/{self.id}/os-extra_specs", body)
        return self.cloud.flavors[self.id]

    def unset(self, *names: str) -> Flavor:
        """Remove extra specs, and return the flavor as it is then."""
        for name in names:
            path = f"/v2.1/flavors/{self.id}/os-extra_specs/{quote(name)}"
            self.cloud.request("DELETE", path)
        return self.cloud.flavors[self.id]

    def delete(self) -> None:
        """Delete it; servers keep what they have of it."""
        self.cloud.request("DELETE", f"/v2.1/flavors/{self.id}")


class Flavors(Collection[Flavor]):
    """The sizes a server can have."""

    what = "flavor"

    def rows(self) -> list[dict[str, Any]]:
        """Name, VCPUs, memory in MB, disk in GB, extra specs."""
        specs = self._select(API_DB, "flavor_extra_specs")
        names = ("vcpus", "memory_mb", "root_gb")
        return [
            {
                "id": row["flavorid"],
                "name": row["name"],
                **{name: row[name] for name in names},
                "extra_specs": {
                    one["key"]: one["value"] for one in specs if one["flavor_id"] == row["id"]
                },
            }
            for row in self._select(API_DB, "flavors")
        ]

    def _item(self, row: dict[str, Any]) -> Flavor:
        return Flavor(self.cloud, row)

    def table(self) -> Table:
        """All of them; extra specs where any flavor has some."""
        rows = self.rows()
        columns = ["id", "name", "vcpus", "memory_mb", "root_gb"]
        shown = [[row[column] for column in columns] for row in rows]
        if not any(row["extra_specs"] for row in rows):
            return Table(columns, shown)
        told = [", ".join(f"{k}={v}" for k, v in row["extra_specs"].items()) for row in rows]
        return Table(
            [*columns, "extra_specs"], [[*row, text] for row, text in zip(shown, told, strict=True)]
        )

    @named
    def create(
        self,
        name: str,
        *,
        vcpus: int = 1,
        ram: int = 512,
        disk: int = 1,
        extra_specs: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Flavor:
        """A new flavor: `ram` in MB, `disk` in GB. Raises `Refused` with Nova's words for what it does not take."""
        flavor = {"name": name, "vcpus": vcpus, "ram": ram, "disk": disk, **more}
        made = self.cloud.request("POST", "/v2.1/flavors", {"flavor": flavor})["flavor"]
        found = self[made["id"]]
        return found.set(extra_specs) if extra_specs else found

    def delete(self, name: str) -> None:
        """Delete the flavor of that name; servers keep what they have of it."""
        self[name].delete()
