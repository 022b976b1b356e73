"""The scheduler's answer for one server (`nova/objects/selection.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnova.nova.objects.base import NovaObject


@dataclass
class Selection(NovaObject):
    """A host that was chosen, or is an alternate, with the allocation that claims it in Placement.

    `allocation_request` is JSON text, as Nova sends it.
    """

    VERSION: ClassVar[str] = "1.1"

    service_host: str = ""
    nodename: str = ""
    compute_node_uuid: str = ""
    cell_uuid: str = ""
    limits: dict[str, Any] | None = None
    allocation_request: str | None = None
    allocation_request_version: str | None = None
    availability_zone: str | None = None
