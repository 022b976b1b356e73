"""Keeps hosts with PCI devices free for servers that need them (`nova/scheduler/weights/pci.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

MAX_DEVS = 100
"""From this many free devices on a host is as rich as any: only scarcity matters."""


class PCIWeigher(weights.BaseHostWeigher):
    """Prefers the host with the fewest free PCI devices, whether the server wants one or not."""

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """The same for hosts without devices; the others are asked. It stays until a server takes devices."""
        raw = hosts.every(MAX_DEVS)
        for slot in hosts.fixed(_has_devices).nonzero()[0].tolist():
            raw[slot] = self._weigh_object(hosts.hosts.seen[slot], weight_properties)
        return raw

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option pci_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "pci_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        pools = host_state.pci_stats.pools if host_state.pci_stats else []
        free: int = sum(pool["count"] for pool in pools)
        return MAX_DEVS - min(free, MAX_DEVS - 1)


def _has_devices(host_state: HostState) -> bool:
    return bool(host_state.pci_stats and host_state.pci_stats.pools)
