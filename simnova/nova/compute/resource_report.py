"""What a host tells of itself: its row in the database, its provider in Placement.

Of `nova/compute/resource_tracker.py`.
"""

from __future__ import annotations

from typing import Any

from simnova.config import Config
from simnova.nova.compute.resource_usage import ResourceUsage
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.service import Service
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.virt.driver import ComputeDriver

LOG = getLogger("nova.compute.resource_tracker")

_FROM_DRIVER = (
    "vcpus",
    "memory_mb",
    "local_gb",
    "hypervisor_type",
    "hypervisor_version",
    "hypervisor_hostname",
    "cpu_info",
    "disk_available_least",
)
_RATIOS = ("cpu", "ram", "disk")


class ResourceReport(ResourceUsage):
    """The reporting half of the tracker."""

    def __init__(
        self,
        host: str,
        conf: Config,
        driver: ComputeDriver,
        reportclient: SchedulerReportClient,
    ) -> None:
        super().__init__(host, conf)
        self.driver = driver
        self.reportclient = reportclient
        self._reported = False

    async def _init_compute_node(self, context: RequestContext, resources: dict[str, Any]) -> None:
        nodename = resources["hypervisor_hostname"]
        if self.compute_node is None:
            self.compute_node = await ComputeNode.get_by_host_and_nodename(
                context, self.host, nodename
            )
        if self.compute_node is None:
            service = await Service.get_by_host_and_binary(context, self.host, "nova-compute")
            node = ComputeNode(
                uuid=context.here.clock.uuid("compute_node", self.host),
                service_id=service.id if service else None,
                host=self.host,
                host_ip=resources.get("host_ip"),
                context=context,
            )
            self._copy_resources(node, resources, initial=True)
            await node.create()
            self.compute_node = node
            LOG.info(
                "Compute node record created for %s:%s with uuid: %s",
                self.host,
                nodename,
                node.uuid,
            )
        self.compute_node.context = context
        self._copy_resources(self.compute_node, resources)

    def _copy_resources(
        self, node: ComputeNode, resources: dict[str, Any], initial: bool = False
    ) -> None:
        for name in _FROM_DRIVER:
            setattr(node, name, resources[name])
        node.supported_hv_specs = [list(spec) for spec in resources["supported_instances"]]
        for name in _RATIOS:
            option = f"{name}_allocation_ratio"
            ratio = getattr(self.conf, option) or (
                getattr(self.conf, f"initial_{option}") if initial else None
            )
            if ratio:
                setattr(node, option, ratio)
        node.metrics = resources.get("metrics")
        self.devices.take_over(resources)
        self.devices.show(node)

    # --- reporting --------------------------------------------------------------------------------------------

    async def _update(self, context: RequestContext) -> None:
        """Tell Placement and, where something has changed, the database."""
        self._derive()
        await self._update_to_placement(context)
        if self.node.obj_what_changed():
            self.node.context = context
            await self.node.save()

    async def _update_to_placement(self, context: RequestContext) -> None:
        node = self.node
        if self._reported:
            await self._read_allocations(context)
        inventory = await self.driver.get_inventory(node.hypervisor_hostname)
        await self.reportclient.update_compute_node(
            context,
            str(node.uuid),
            node.hypervisor_hostname,
            self._with_options(inventory),
            [*await self.driver.get_traits(node.hypervisor_hostname), "COMPUTE_NODE", "OWNER_NOVA"],
            self._initial_ratios(),
        )
        self._reported = True

    async def _read_allocations(self, context: RequestContext) -> None:
        """Ask who holds what of this node, as Nova does before each report in case the driver must reshape it."""
        info = await self.reportclient.get_allocations_for_resource_provider(
            context, str(self.node.uuid)
        )
        for consumer in info.allocations:
            await self.reportclient.get_allocs_for_consumer(context, consumer)

    def _with_options(self, inventory: dict[str, dict[str, int]]) -> dict[str, dict[str, Any]]:
        """What the driver counts, with the ratios that are set and what is reserved."""
        conf = self.conf
        options = {
            "VCPU": (conf.cpu_allocation_ratio, conf.reserved_host_cpus),
            "MEMORY_MB": (conf.ram_allocation_ratio, conf.reserved_host_memory_mb),
            "DISK_GB": (conf.disk_allocation_ratio, conf.reserved_host_disk_mb // 1024),
        }
        return {
            name: {**amounts, "allocation_ratio": options[name][0], "reserved": options[name][1]}
            for name, amounts in inventory.items()
        }

    def _initial_ratios(self) -> dict[str, float]:
        """For what is reported for the first time; where no option is set, Placement's own stay after that."""
        conf = self.conf
        return {
            "VCPU": conf.initial_cpu_allocation_ratio,
            "MEMORY_MB": conf.initial_ram_allocation_ratio,
            "DISK_GB": conf.initial_disk_allocation_ratio,
        }

    def _log_final_resource_view(self) -> None:
        node = self.node
        LOG.debug(
            "Final resource view: name=%s phys_ram=%sMB used_ram=%sMB phys_disk=%sGB used_disk=%sGB "
            "total_vcpus=%s used_vcpus=%s pci_stats=[] stats=%s",
            node.hypervisor_hostname,
            node.memory_mb,
            node.memory_mb_used,
            node.local_gb,
            node.local_gb_used,
            node.vcpus,
            node.vcpus_used,
            node.stats,
        )
