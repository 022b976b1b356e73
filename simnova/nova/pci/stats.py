"""A host's free PCI devices, counted by kind (`nova/pci/stats.py`)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from simnova.nova import exception
from simnova.nova.objects.instance_pci_requests import InstancePCIRequest

if TYPE_CHECKING:
    from simnova.nova.objects.numa import InstanceNUMACell, NUMATopology

Pool = dict[str, Any]
"""Devices alike: their `vendor_id`, `product_id`, `dev_type`, `numa_node`, tags, and the `count` of free ones."""

_ON_DEMAND = ("type-PF", "vdpa")
"""Device types that nobody gets who does not ask for them."""


class PciDeviceStats:
    """The pools of one host, and its NUMA nodes where it tells them: devices may have to be near to the server's."""

    def __init__(self, pools: Sequence[Pool], numa_topology: NUMATopology | None = None) -> None:
        self.pools = sorted((dict(pool) for pool in pools), key=len)
        self.numa_topology = numa_topology

    def support_requests(
        self,
        requests: Sequence[InstancePCIRequest],
        cells: Sequence[InstanceNUMACell] | None = None,
    ) -> bool:
        """Whether all of them could be had together, for a server on these nodes; nothing is taken."""
        spare = PciDeviceStats(copy.deepcopy(self.pools), self.numa_topology)
        try:
            spare.apply_requests(requests, cells)
        except exception.PciDeviceRequestFailed:
            return False
        return True

    def apply_requests(
        self,
        requests: Sequence[InstancePCIRequest],
        cells: Sequence[InstanceNUMACell] | None = None,
    ) -> None:
        """Take what they ask for, one after the other; raises PciDeviceRequestFailed where that is not there."""
        for request in requests:
            left, found = request.count, self._fitting(request, cells)
            if not found or _count(found) < left:
                raise exception.PciDeviceRequestFailed(requests=requests)
            for pool in found:
                taken = min(left, pool["count"])
                pool["count"] -= taken
                left -= taken
            self.pools = [pool for pool in self.pools if pool["count"]]

    def free(self, request: InstancePCIRequest) -> int:
        """How many devices of the kind are free."""
        return _count(self._fitting(request, None))

    def _fitting(
        self, request: InstancePCIRequest, cells: Sequence[InstanceNUMACell] | None
    ) -> list[Pool]:
        """The pools that a request may be served from, in that order."""
        asked = {spec.get("dev_type") for spec in request.spec}
        unasked = set(_ON_DEMAND) - asked
        kind = [p for p in self.pools if any(_matches(p, spec) for spec in request.spec)]
        return [
            pool
            for pool in self._near(kind, request, cells)
            if pool.get("dev_type") not in unasked
            and (_asks_managed(request) or not _is_true(pool.get("remote_managed")))
            and _fits_migratable(pool, request)
        ]

    def _near(
        self,
        pools: list[Pool],
        request: InstancePCIRequest,
        cells: Sequence[InstanceNUMACell] | None,
    ) -> list[Pool]:
        """By the request's NUMA policy: those at the server's nodes, at their sockets, or at none in particular."""
        if not cells:
            return pools
        policy, nodes = request.numa_policy or "legacy", [cell.id for cell in cells]
        found = _at(pools, nodes)
        if policy == "required" or _count(found) >= request.count:
            return found
        if policy == "socket":
            return _at(pools, self._of_sockets(nodes))
        found = _at(pools, [*nodes, None])
        if policy == "legacy" or _count(found) >= request.count:
            return found
        return sorted(pools, key=lambda pool: pool.get("numa_node") not in [*nodes, None])

    def _of_sockets(self, nodes: Sequence[int]) -> list[int | None]:
        """All nodes at the sockets of some; none where a socket is not known."""
        host = self.numa_topology.cells if self.numa_topology else []
        if any(cell.socket is None for cell in host):
            return []
        sockets = {cell.socket for cell in host if cell.id in nodes}
        return [cell.id for cell in host if cell.socket in sockets]


def _count(pools: Iterable[Pool]) -> int:
    return sum(pool["count"] for pool in pools)


def _at(pools: list[Pool], nodes: Sequence[int | None]) -> list[Pool]:
    return [pool for pool in pools if pool.get("numa_node") in nodes]


def _matches(pool: Pool, spec: dict[str, str]) -> bool:
    """Whether a pool has each property; capital letters or small ones."""
    known = {
        name: wanted for name, wanted in spec.items() if name not in ("resource_class", "traits")
    }
    return all(str(pool.get(name)).lower() == wanted.lower() for name, wanted in known.items())


def _asks_managed(request: InstancePCIRequest) -> bool:
    return any(_is_true(spec.get("remote_managed")) for spec in request.spec)


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() in ("1", "t", "true", "on", "y", "yes")


def _fits_migratable(pool: Pool, request: InstancePCIRequest) -> bool:
    """Whether the pool can be migrated live, or cannot, where all specs of the request say which."""
    asked = {spec.get("live_migratable") for spec in request.spec}
    return asked not in ({"true"}, {"false"}) or pool.get("live_migratable") in asked
