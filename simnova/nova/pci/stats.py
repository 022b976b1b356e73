"""A host's free PCI devices, counted by kind (`nova/pci/stats.py`)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from simnova.nova import exception
from simnova.nova.objects.instance_pci_requests import InstancePCIRequest

Pool = dict[str, Any]
"""Devices alike: their `vendor_id`, `product_id`, `dev_type`, tags, and the `count` of free ones."""

_ON_DEMAND = ("type-PF", "vdpa")
"""Device types that nobody gets who does not ask for them."""


class PciDeviceStats:
    """The pools of one host. Where the devices sit among its NUMA nodes is left aside."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        self.pools = [dict(pool) for pool in pools]

    def support_requests(self, requests: Sequence[InstancePCIRequest]) -> bool:
        """Whether all of them could be had together; nothing is taken."""
        try:
            copy.deepcopy(self).apply_requests(requests)
        except exception.PciDeviceRequestFailed:
            return False
        return True

    def apply_requests(self, requests: Sequence[InstancePCIRequest]) -> None:
        """Take what they ask for; raises PciDeviceRequestFailed where that is not there."""
        for request in requests:
            left = request.count
            for pool in self._fitting(request):
                taken = min(left, pool["count"])
                pool["count"] -= taken
                left -= taken
            if left:
                raise exception.PciDeviceRequestFailed(requests=requests)
        self.pools = [pool for pool in self.pools if pool["count"]]

    def free(self, request: InstancePCIRequest) -> int:
        """How many devices of the kind are free."""
        return sum(pool["count"] for pool in self._fitting(request))

    def _fitting(self, request: InstancePCIRequest) -> list[Pool]:
        asked = {spec.get("dev_type") for spec in request.spec}
        unasked = set(_ON_DEMAND) - asked
        return [
            pool
            for pool in self.pools
            if pool.get("dev_type") not in unasked
            and any(_matches(pool, spec) for spec in request.spec)
        ]


def _matches(pool: Pool, spec: dict[str, str]) -> bool:
    """Whether a pool has each property; capital letters or small ones."""
    return all(str(pool.get(name)).lower() == wanted.lower() for name, wanted in spec.items())
