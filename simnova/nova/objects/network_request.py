"""What networks a user asked for (`nova/objects/network_request.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnova.nova.objects.base import NovaObject


@dataclass
class NetworkRequest(NovaObject):
    """One network, port or fixed address that the server is to have."""

    VERSION: ClassVar[str] = "1.4"

    network_id: str | None = None
    address: str | None = None
    port_id: str | None = None
    tag: str | None = None
