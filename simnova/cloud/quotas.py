"""Quotas: what each project may have, and what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.cloud.collection import Collection, at_once
from simnova.cloud.stock import inspector
from simnova.exceptions import unknown
from simnova.nova.context import RequestContext
from simnova.nova.quota import RESOURCES, quota_driver
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

SHOWN = tuple(name for name, option in RESOURCES.items() if option and "injected" not in name)
"""The quotas of today's API."""

_HELD = """
SELECT classes.name AS name, sum(allocations.used) AS used FROM placement.allocations
JOIN placement.resource_classes classes ON classes.id = allocations.resource_class_id
JOIN placement.consumers ON consumers.uuid = allocations.consumer_id
JOIN placement.projects ON projects.id = consumers.project_id
WHERE projects.external_id = '{project}' GROUP BY classes.name
"""


class Quota:
    """What one project may have. It is read anew each time; limits of -1 are none."""

    def __init__(self, cloud: Cloud, name: str, project_id: str) -> None:
        self.cloud = cloud
        self.name = name
        self.id = project_id
        self._driver = quota_driver(cloud.conf, _Onlooker(cloud))

    @property
    def limits(self) -> dict[str, int]:
        """How much of each there may be; RAM in MB."""
        found = at_once(self._driver.get_quotas(inspector(self.cloud.assembly), self.id))
        return {name: found[name] for name in SHOWN}

    @property
    def used(self) -> dict[str, int]:
        """How much of each there is, as the API counts it: key pairs and members count by user, and show 0."""
        found = at_once(self._driver.get_usages(inspector(self.cloud.assembly), self.id))
        return {name: found[name] for name in SHOWN}

    def set(self, *, force: bool = False, **limits: int) -> None:
        """Set limits: `set(instances=5, ram=-1)`; raises `Refused` where more is in use, unless by `force`."""
        _check(limits)
        asked = {**limits, "force": force} if force else limits
        self.cloud.request("PUT", f"/v2.1/os-quota-sets/{self.id}", {"quota_set": asked})

    def reset(self) -> None:
        """Have the limits again that hold where none are set."""
        self.cloud.request("DELETE", f"/v2.1/os-quota-sets/{self.id}")

    def table(self) -> Table:
        """Limit and use of each."""
        limits, used = self.limits, self.used
        return Table(
            [f"quota of {self.name}", "limit", "in use"],
            [[name, limits[name], used[name]] for name in SHOWN],
        )

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


class Quotas(Collection[Quota]):
    """The quotas of all projects: `cloud.quotas["demo"].set(instances=5)`."""

    what = "project"

    def rows(self) -> list[dict[str, Any]]:
        """Name and id of each project."""
        rows = self._select("keystone", "project", order_by="name")
        return [{"name": row["name"], "id": row["id"]} for row in rows]

    def _item(self, row: dict[str, Any]) -> Quota:
        return Quota(self.cloud, row["name"], row["id"])

    def set_default(self, **limits: int) -> None:
        """Set what holds for every project that has no limits of its own (the quota class `default`)."""
        _check(limits)
        body = {"quota_class_set": limits}
        self.cloud.request("PUT", "/v2.1/os-quota-class-sets/default", body)

    def table(self) -> Table:
        """How much of how much each project has."""
        quotas = list(self)
        limits, used = [one.limits for one in quotas], [one.used for one in quotas]
        rows = [
            [name, *(f"{u[name]} of {_said(of[name])}" for u, of in zip(used, limits, strict=True))]
            for name in SHOWN
        ]
        return Table(["quota", *(one.name for one in quotas)], rows)


class _Onlooker:
    """Reads what Placement counts without asking it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def get_usages_counts_for_quota(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, dict[str, int]]:
        """Cores and RAM of a project."""
        rows = self.cloud.assembly.databases.sql(_HELD.format(project=project_id))
        used = {name: int(amount) for name, amount in rows}
        cores = used.get("VCPU", 0) + used.get("PCPU", 0)
        return {"project": {"cores": cores, "ram": used.get("MEMORY_MB", 0)}}


def _check(limits: dict[str, int]) -> None:
    for name in limits:
        if name not in SHOWN:
            raise unknown("quota", name, SHOWN)


def _said(limit: int) -> str:
    return "any number" if limit < 0 else str(limit)
