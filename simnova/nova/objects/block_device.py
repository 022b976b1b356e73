"""The disks of a server (`nova/objects/block_device.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, remotable, remotable_class

__door__ = True


@dataclass
class BlockDeviceMapping(NovaObject):
    """One disk: where it comes from and where it lies; `volume_size` in GB."""

    VERSION: ClassVar[str] = "1.23"

    id: int | None = None
    uuid: str | None = None
    instance_uuid: str = ""
    source_type: str = "image"
    destination_type: str = "local"
    device_type: str = "disk"
    boot_index: int | None = 0
    device_name: str | None = None
    image_id: str | None = None
    volume_size: int | None = None
    delete_on_termination: bool = True

    async def create(self) -> None:
        """Write the mapping."""
        values = {name: value for name, value in self.values().items() if name != "id"}
        row = await self.ctxt.cell_db.insert(
            "block_device_mapping", **values, created_at=self.ctxt.now()
        )
        self.id = row["id"]

    @remotable
    async def save(self) -> None:
        """Write what has changed."""
        changed = self.obj_what_changed()
        if changed:
            await self.ctxt.cell_db.update("block_device_mapping", {"id": self.id}, changed)
            self.obj_reset_changes()

    @classmethod
    @remotable_class
    async def get_by_instance_uuid(
        cls, context: RequestContext, uuid: str
    ) -> list[BlockDeviceMapping]:
        """The disks of a server."""
        rows = await context.cell_db.select(
            "block_device_mapping", {"instance_uuid": uuid, "deleted": 0}
        )
        return [
            cls(**{n: row[n] for n in cls.field_names()}, context=context).obj_reset_changes()
            for row in rows
        ]
