"""PCI devices that a server asks for (`nova/objects/instance_pci_requests.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from simnova.nova.objects.base import NovaObject


@dataclass
class InstancePCIRequest(NovaObject):
    """`count` devices that fit one of the specs, as the alias of that name in `[pci]` has them."""

    VERSION: ClassVar[str] = "1.5"

    count: int = 0
    spec: list[dict[str, str]] = field(default_factory=list)
    alias_name: str | None = None
    numa_policy: str | None = None
    request_id: str | None = None

    def is_live_migratable(self) -> bool:
        """Whether each kind of device that would do is declared to move with a running server."""
        return all(spec.get("live_migratable") == "true" for spec in self.spec)


@dataclass
class InstancePCIRequests(NovaObject):
    """All that a server asks for."""

    VERSION: ClassVar[str] = "1.1"

    instance_uuid: str = ""
    requests: list[InstancePCIRequest] = field(default_factory=list)
