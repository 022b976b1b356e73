"""What the API service does with a server: checks, records, and a message to whom it concerns (`nova/compute/api.py`).

A module for each group of operations; `API` is all of them together.
"""

from __future__ import annotations

from simnova.nova.compute.api.console import Consoles
from simnova.nova.compute.api.create import Creation, ServerRequest
from simnova.nova.compute.api.delete import Deletion
from simnova.nova.compute.api.interface import Interfaces
from simnova.nova.compute.api.live_migrate import LiveMigration
from simnova.nova.compute.api.lock import Lock
from simnova.nova.compute.api.metadata import Metadata
from simnova.nova.compute.api.power import Power
from simnova.nova.compute.api.rebuild import Rebuild
from simnova.nova.compute.api.rescue import Rescue
from simnova.nova.compute.api.resize import Resizing
from simnova.nova.compute.api.shelve import Shelve


class API(
    Consoles,
    Creation,
    Deletion,
    Interfaces,
    LiveMigration,
    Lock,
    Metadata,
    Power,
    Rebuild,
    Rescue,
    Resizing,
    Shelve,
):
    """Server operations as the API service carries them out."""


__all__ = ["API", "ServerRequest"]
