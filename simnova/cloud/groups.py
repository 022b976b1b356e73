"""Server groups: servers that are to be together or apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simnova.arguments import named
from simnova.cloud.collection import Collection, Item
from simnova.nova.cmd.manage import API_DB
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud


class Group(Item):
    """A group as it was when it was looked up."""

    def __init__(self, cloud: Cloud, values: dict[str, Any]) -> None:
        super().__init__("server group", values)
        self.cloud = cloud

    def delete(self) -> None:
        """Delete it; its servers stay."""
        self.cloud.request("DELETE", f"/v2.1/os-server-groups/{self.id}")


class Groups(Collection[Group]):
    """Servers that belong together or apart."""

    what = "server group"

    def rows(self) -> list[dict[str, Any]]:
        """Name, policy, rules, the names of its servers."""
        policies = {row["group_id"]: row for row in self._select(API_DB, "instance_group_policy")}
        members = self._select(API_DB, "instance_group_member")
        names = {row["id"]: row["name"] for row in self.cloud.servers.rows()} if members else {}
        return [
            {
                "name": row["name"],
                "policy": policies[row["id"]]["policy"],
                "rules": json.loads(policies[row["id"]]["rules"] or "{}"),
                "members": [
                    names[one["instance_uuid"]]
                    for one in members
                    if one["group_id"] == row["id"] and one["instance_uuid"] in names
                ],
                "id": row["uuid"],
            }
            for row in self._select(API_DB, "instance_groups")
        ]

    def _item(self, row: dict[str, Any]) -> Group:
        return Group(self.cloud, row)

    def table(self) -> Table:
        """All of them."""
        shown = [
            [
                row["name"],
                row["policy"],
                ", ".join(f"{name} {value}" for name, value in row["rules"].items()),
                ", ".join(row["members"]),
            ]
            for row in self.rows()
        ]
        return Table(["name", "policy", "rules", "members"], shown)

    @named
    def create(
        self, name: str, *, policy: str = "anti-affinity", max_server_per_host: int | None = None
    ) -> Group:
        """A new group: affinity, anti-affinity, soft-affinity or soft-anti-affinity.

        `max_server_per_host` loosens anti-affinity. Raises `Refused` in Nova's words.
        """
        rules = (
            {"max_server_per_host": max_server_per_host} if max_server_per_host is not None else {}
        )
        asked = {"name": name, "policy": policy} | ({"rules": rules} if rules else {})
        made = self.cloud.request("POST", "/v2.1/os-server-groups", {"server_group": asked})
        return self[made["server_group"]["id"]]

    def delete(self, name: str) -> None:
        """Delete the group of that name; its servers stay."""
        self[name].delete()
