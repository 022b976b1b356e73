"""What Nova needs to know of an image (`nova/objects/image_meta.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.nova.objects import image_meta_props
from simnova.nova.objects.base import NovaObject

_LEGACY = {name: old for old, name in image_meta_props.LEGACY.items()}
_INHERITABLE = ("min_ram", "min_disk", "disk_format", "container_format")
_SKIPPED = ("img_mappings", "mappings", "img_block_device_mapping", "block_device_mapping")


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

    def to_system_metadata(self) -> dict[str, str]:
        """What a server keeps of its image (`get_system_metadata_from_image` of `nova/utils.py`)."""
        kept = {name: getattr(self, name) for name in ("min_ram", "min_disk", "disk_format")}
        kept |= {name: self.properties[name] for name in self.properties if name not in _SKIPPED}
        return {f"image_{name}": str(value)[:255] for name, value in kept.items()}

    @classmethod
    def from_system_metadata(cls, metadata: Mapping[str, str]) -> ImageMeta:
        """The properties that a server keeps of its image (`get_image_from_system_metadata` of `nova/utils.py`)."""
        kept = {name.removeprefix("image_"): value for name, value in metadata.items()}
        skipped = {*_INHERITABLE, *_SKIPPED}
        return cls(properties={name: kept[name] for name in kept if name not in skipped})

    def to_dict(self) -> dict[str, Any]:
        """The dict form in which images travel in RPC arguments."""
        return self.values()

    def get_property(self, name: str, default: Any = None) -> Any:
        """A property by its present name, where the image may still have it under the one of old."""
        return self.properties.get(name, self.properties.get(_LEGACY.get(name, name), default))

    def known_properties(self) -> dict[str, Any]:
        """The properties that Nova knows, by their present names; all others mean nothing to it."""
        return image_meta_props.known(self.properties)
