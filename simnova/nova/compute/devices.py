"""The NUMA nodes and PCI devices of a host and who has them (`nova/pci/manager.py`, `nova/virt/hardware.py`).

A server stays on the nodes that it got when it was claimed. Devices of one kind are as good as others of theirs.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

from simnova.config import Config
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_pci_requests import InstancePCIRequest
from simnova.nova.objects.numa import InstanceNUMATopology, NUMATopology
from simnova.nova.pci.request import ALIAS, requests_from_flavor
from simnova.nova.pci.stats import PciDeviceStats
from simnova.nova.virt.hardware import (
    NUMATopologyLimits,
    numa_fit_instance_to_host,
    numa_get_constraints,
    numa_usage_from_instance_numa,
)

_KIND = ("vendor_id", "product_id", "dev_type", "numa_node")
Who = tuple[str, str]
"""A server in one of its flavors: while it is resized it may have room for both."""


class Held(NamedTuple):
    """What a server has of a host: its nodes, placed, and the devices that it asked for."""

    nodes: InstanceNUMATopology | None
    requests: list[InstancePCIRequest]


class Devices:
    """What a host has beyond numbers, and the servers that have some of it."""

    def __init__(self, conf: Config) -> None:
        self.conf = conf
        self._topology: NUMATopology | None = None
        self._pools: list[dict[str, Any]] = []
        self._held: dict[Who, Held] = {}
        self._before: dict[Who, Held] = {}

    def take_over(self, resources: dict[str, Any]) -> None:
        """What the driver says that there is."""
        self._topology = NUMATopology.from_json(resources.get("numa_topology"))
        devices = json.loads(resources.get("pci_passthrough_devices") or "[]")
        kinds = Counter(tuple(device[name] for name in _KIND) for device in devices)
        self._pools = [
            {**dict(zip(_KIND, kind, strict=True)), "count": count, "tags": {}}
            for kind, count in kinds.items()
        ]

    def clear(self) -> None:
        """Begin to count again; who is found here again is where it was."""
        self._before, self._held = self._held, {}

    def check(
        self, instance: Instance, flavor: Flavor, limit: dict[str, float] | None
    ) -> list[str]:
        """Why a server's nodes or devices are not free, in the claim's words; empty where they are.

        `limit` is how far the scheduler's NUMATopologyFilter has let the nodes be overcommitted.
        """
        if not self._any and ALIAS not in flavor.extra_specs:
            return []
        wanted, requests = self._asked(instance, flavor)
        reasons = [self._test_numa(wanted, requests, limit), self._test_pci(requests)]
        return [reason for reason in reasons if reason]

    def use(self, node: ComputeNode, instance: Instance, flavor: Flavor, sign: int) -> None:
        """A server comes or goes: the node's row says what is left."""
        if not self._any:
            return
        who = (instance.uuid, flavor.flavorid)
        if sign > 0:
            self._held[who] = self._before.get(who) or self._placed(node, instance, flavor)
        else:
            self._held.pop(who, None)
        self.show(node)

    def show(self, node: ComputeNode) -> None:
        """Put what is free into the node's row."""
        topology = self._nodes()
        node.numa_topology = topology.to_json() if topology else None
        node.pci_device_pools = self._stats().pools or None

    @property
    def _any(self) -> bool:
        return self._topology is not None or bool(self._pools)

    def _test_numa(
        self,
        wanted: InstanceNUMATopology | None,
        requests: list[InstancePCIRequest],
        limit: dict[str, float] | None,
    ) -> str | None:
        has, limits = self._nodes(), NUMATopologyLimits(**limit) if limit else None
        if not wanted or not has or numa_fit_instance_to_host(has, wanted, limits):
            return None
        beside = " together with requested PCI devices" if requests else ""
        return f"Requested instance NUMA topology{beside} cannot fit the given host NUMA topology"

    def _test_pci(self, requests: list[InstancePCIRequest]) -> str | None:
        return None if self._stats().support_requests(requests) else "Claim pci failed"

    def _placed(self, node: ComputeNode, instance: Instance, flavor: Flavor) -> Held:
        wanted, requests = self._asked(instance, flavor)
        has = self._nodes()
        if not wanted or not has:
            return Held(None, requests)
        within = NUMATopologyLimits(node.cpu_allocation_ratio, node.ram_allocation_ratio)
        placed = numa_fit_instance_to_host(has, wanted, within)
        return Held(placed or numa_fit_instance_to_host(has, wanted, None), requests)

    def _nodes(self) -> NUMATopology | None:
        topology = self._topology
        for held in self._held.values():
            if topology and held.nodes:
                topology = numa_usage_from_instance_numa(topology, held.nodes)
        return topology

    def _stats(self) -> PciDeviceStats:
        stats = PciDeviceStats(self._pools)
        for held in self._held.values():
            if stats.support_requests(held.requests):
                stats.apply_requests(held.requests)
        return stats

    def _asked(
        self, instance: Instance, flavor: Flavor
    ) -> tuple[InstanceNUMATopology | None, list[InstancePCIRequest]]:
        image = ImageMeta.from_system_metadata(instance.system_metadata)
        return numa_get_constraints(flavor, image), requests_from_flavor(self.conf, flavor, image)
