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
        """Host by host; it stays until a server takes devices."""
        return hosts.of(
            self._weigh_object(host, weight_properties)
            if host.pci_stats and host.pci_stats.pools
            else MAX_DEVS
            for host in hosts.hosts
        )

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option pci_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "pci_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        pools = host_state.pci_stats.pools if host_state.pci_stats else []
        free: int = sum(pool["count"] for pool in pools)
        return MAX_DEVS - min(free, MAX_DEVS - 1)
