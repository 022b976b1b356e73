"""What Nova needs to know of an image (`nova/objects/image_meta.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.nova.objects.base import NovaObject

_LEGACY = {
    "hw_architecture": "architecture",
    "hw_vm_mode": "vm_mode",
    "img_hv_requested_version": "hypervisor_version_requires",
    "img_hv_type": "hypervisor_type",
}


@dataclass
class ImageMeta(NovaObject):
    """An image as Glance describes it: sizes in bytes, `min_ram` in MB, `min_disk` in GB, and its properties."""

    VERSION: ClassVar[str] = "1.8"

    id: str | None = None
    name: str = ""
    status: str = "active"
    checksum: str | None = None
    size: int = 0
    min_ram: int = 0
    min_disk: int = 0
    disk_format: str = "qcow2"
    container_format: str = "bare"
    properties: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, image: dict[str, Any]) -> ImageMeta:
        """From the dict that the Glance client hands out; what it does not know is left."""
        known = {name: image[name] for name in cls.field_names() if image.get(name) is not None}
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """The dict form in which images travel in RPC arguments."""
        return self.values()

    def get_property(self, name: str, default: Any = None) -> Any:
        """A property by its present name, where the image may still have it under the one of old."""
        return self.properties.get(name, self.properties.get(_LEGACY.get(name, name), default))
