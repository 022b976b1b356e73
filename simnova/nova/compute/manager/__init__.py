"""nova-compute's side of every operation on a server (`nova/compute/manager.py`).

A module for each group of operations; `ComputeManager` is all of them together.
"""

from __future__ import annotations

from simnova.nova.compute.manager.build import Builds
from simnova.nova.compute.manager.delete import Deletions
from simnova.nova.compute.manager.evacuate import Evacuations
from simnova.nova.compute.manager.image import Images
from simnova.nova.compute.manager.interface import Interfaces
from simnova.nova.compute.manager.leftovers import Leftovers
from simnova.nova.compute.manager.live_migration import LiveMigrations
from simnova.nova.compute.manager.network_cache import NetworkCache
from simnova.nova.compute.manager.polls import Polls
from simnova.nova.compute.manager.power_sync import PowerSync
from simnova.nova.compute.manager.rescue import Rescue
from simnova.nova.compute.manager.resize import Resizes
from simnova.nova.compute.manager.resize_end import ResizeEnds
from simnova.nova.compute.manager.shelve import Shelve
from simnova.nova.compute.manager.shutdown import Shutdown
from simnova.nova.compute.manager.startup import Startup
from simnova.nova.compute.manager.status import Status


class ComputeManager(
    Startup,
    Builds,
    Evacuations,
    Deletions,
    Images,
    Interfaces,
    Leftovers,
    LiveMigrations,
    NetworkCache,
    Polls,
    PowerSync,
    Rescue,
    Resizes,
    ResizeEnds,
    Shelve,
    Shutdown,
    Status,
):
    """Builds, changes and deletes the servers of one host, and keeps the books about it."""


__all__ = ["ComputeManager"]
