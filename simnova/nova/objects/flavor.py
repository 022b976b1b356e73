"""Flavors: the sizes a server comes in (`nova/objects/flavor.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject

__door__ = True


@dataclass
class Flavor(NovaObject):
    """A size: `vcpus`, `memory_mb` in MB, `root_gb` and `ephemeral_gb` in GB, `swap` in MB, and extra specs."""

    VERSION: ClassVar[str] = "1.2"

    id: int | None = None
    name: str = ""
    flavorid: str = ""
    vcpus: int = 1
    memory_mb: int = 512
    root_gb: int = 0
    ephemeral_gb: int = 0
    swap: int = 0
    rxtx_factor: float = 1.0
    disabled: bool = False
    is_public: bool = True
    description: str | None = None
    extra_specs: dict[str, str] = field(default_factory=dict)

    def resources(self, boot_from_volume: bool = False) -> dict[str, int]:
        """What one server of this size takes, in Placement's classes (`nova/scheduler/utils.py`)."""
        root = 0 if boot_from_volume else self.root_gb
        disk = root + self.ephemeral_gb + -(-self.swap // 1024)
        wanted = {"DISK_GB": disk, "MEMORY_MB": self.memory_mb, "VCPU": self.vcpus}
        return {name: amount for name, amount in wanted.items() if amount}

    def _repr_html_(self) -> str:
        from html import escape

        return (
            f"<b>{escape(self.name)}</b>: {self.vcpus} VCPU, {self.memory_mb} MB, {self.root_gb} GB"
        )

    async def create(self) -> None:
        """Write the flavor and its extra specs; raises FlavorExists, FlavorIdExists."""
        values = {n: v for n, v in self.values().items() if n not in ("id", "extra_specs")}

        def work(tx: Any) -> int:
            if tx.get("flavors", flavorid=self.flavorid):
                raise exception.FlavorIdExists(flavor_id=self.flavorid)
            if tx.get("flavors", name=self.name):
                raise exception.FlavorExists(name=self.name)
            row = tx.insert("flavors", **values, created_at=self.ctxt.now())
            for key, value in self.extra_specs.items():
                tx.insert("flavor_extra_specs", flavor_id=row["id"], key=key, value=value)
            return int(row["id"])

        self.id = await self.ctxt.api_db.transact(work)

    async def save(self) -> None:
        """Write its description, the only thing of a flavor that may change."""
        values = {"description": self.description, "updated_at": self.ctxt.now()}
        await self.ctxt.api_db.transact(lambda tx: tx.update("flavors", {"id": self.id}, values))

    async def destroy(self) -> None:
        """Delete the flavor and its extra specs; servers have copies of both."""

        def work(tx: Any) -> None:
            tx.delete("flavor_extra_specs", {"flavor_id": self.id})
            tx.delete("flavors", {"id": self.id})

        await self.ctxt.api_db.transact(work)

    async def save_extra_specs(self) -> None:
        """Write the extra specs as they are now: new ones, changed ones, and those that are gone."""

        def work(tx: Any) -> None:
            rows = tx.select("flavor_extra_specs", {"flavor_id": self.id})
            held = {row["key"]: row["value"] for row in rows}
            for key in sorted(held.keys() - self.extra_specs.keys()):
                tx.delete("flavor_extra_specs", {"flavor_id": self.id, "key": key})
            for key, value in self.extra_specs.items():
                if key not in held:
                    tx.insert("flavor_extra_specs", flavor_id=self.id, key=key, value=value)
                elif held[key] != value:
                    where = {"flavor_id": self.id, "key": key}
                    tx.update("flavor_extra_specs", where, {"value": value})

        await self.ctxt.api_db.transact(work)

    @classmethod
    async def get_by_flavor_id(cls, context: RequestContext, flavor_id: str) -> Flavor:
        """The flavor of that id; raises FlavorNotFound, for a private one to all but administrators."""
        found = await cls._load(context, {"flavorid": flavor_id})
        if not found or not (found[0].is_public or context.is_admin):
            raise exception.FlavorNotFound(flavor_id=flavor_id)
        return found[0]

    @classmethod
    async def get_all(cls, context: RequestContext) -> list[Flavor]:
        """Every flavor, in the order in which they were made."""
        return await cls._load(context, None)

    @classmethod
    async def _load(cls, context: RequestContext, where: dict[str, Any] | None) -> list[Flavor]:
        def work(tx: Any) -> list[Flavor]:
            rows = tx.select("flavors", where)
            ids = [row["id"] for row in rows]
            specs = tx.select("flavor_extra_specs", {"flavor_id": ids}) if ids else []
            return [_from_row(context, row, specs) for row in rows]

        return await context.api_db.transact(work)


def _from_row(context: RequestContext, row: dict[str, Any], specs: list[dict[str, Any]]) -> Flavor:
    extra = {s["key"]: s["value"] for s in specs if s["flavor_id"] == row["id"]}
    names = set(Flavor.field_names()) - {"extra_specs"}
    values = {name: value for name, value in row.items() if name in names}
    return Flavor(**values, extra_specs=extra, context=context).obj_reset_changes()
