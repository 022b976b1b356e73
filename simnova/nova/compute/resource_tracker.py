"""A host's books, in step with the database and Placement (`nova/compute/resource_tracker.py`)."""

from __future__ import annotations

from typing import Any

from simnova.config import Config
from simnova.kernel.lock import Semaphore
from simnova.nova import exception
from simnova.nova.compute.claims import Claim
from simnova.nova.compute.stats import Stats
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.service import Service
from simnova.nova.objects.states import VmState
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
_GONE = (VmState.DELETED, VmState.SHELVED_OFFLOADED)
"""States of servers that take nothing of a host (`vm_states.ALLOW_RESOURCE_REMOVAL`)."""


class ResourceTracker:
    """One host's books. One lock, `compute_resources`, is round every claim, abort and audit."""

    def __init__(
        self,
        host: str,
        conf: Config,
        driver: ComputeDriver,
        reportclient: SchedulerReportClient,
        lock: Semaphore,
    ) -> None:
        self.host = host
        self.conf = conf
        self.driver = driver
        self.reportclient = reportclient
        self.lock = lock
        self.compute_node: ComputeNode | None = None
        self.stats = Stats()
        self.tracked_instances: set[str] = set()
        self._reported = False

    @property
    def node(self) -> ComputeNode:
        """The node this host has; raises where the first audit has not been made yet."""
        if self.compute_node is None:
            raise exception.ComputeHostNotFound(host=self.host)
        return self.compute_node

    # --- claims -----------------------------------------------------------------------------------------------

    async def instance_claim(
        self,
        context: RequestContext,
        instance: Instance,
        nodename: str,
        limits: dict[str, Any] | None = None,
    ) -> Claim:
        """Take what a server needs from the host's books and put the host's name on it.

        Raises ComputeResourcesUnavailable where the node is not this host's or a limit would be passed.
        """
        async with self.lock:
            if self.compute_node is None or nodename != self.node.hypervisor_hostname:
                text = f"Attempt to claim resources for instance {instance.uuid} on unknown node {nodename} failed"
                raise exception.ComputeResourcesUnavailable(reason=text)
            claim = Claim(context, instance, nodename, self)
            claim.test(self.node, limits)
            instance.host = instance.launched_on = self.host
            instance.node = nodename
            await instance.save()
            self._track(instance)
            await self._update(context.elevated())
            return claim

    async def abort_instance_claim(self, context: RequestContext, instance: Instance) -> None:
        """Give back what a build had claimed, and take the host's name off the server."""
        async with self.lock:
            self._untrack(instance)
            instance.host = instance.node = None
            await instance.save()
            await self._update(context.elevated())

    async def update_usage(self, context: RequestContext, instance: Instance) -> None:
        """A server of this host has changed its state, or is gone: count it anew and report."""
        async with self.lock:
            if instance.uuid not in self.tracked_instances:
                return
            if instance.vm_state in _GONE:
                self._untrack(instance)
            else:
                self.stats.update_stats_for_instance(instance)
            await self._update(context.elevated())

    def build_failed(self) -> None:
        """A build has failed here; BuildFailureWeigher sees it after the next report."""
        self.stats.failed_builds += 1

    def build_succeeded(self) -> None:
        """A build has succeeded here."""
        self.stats.failed_builds = 0

    # --- the audit --------------------------------------------------------------------------------------------

    async def update_available_resource(self, context: RequestContext, nodename: str) -> None:
        """Ask the hypervisor what there is, count every server of this host again, and report both."""
        LOG.debug("Auditing locally available compute resources for %(host)s", {"host": self.host})
        resources = await self.driver.get_available_resource(nodename)
        async with self.lock:
            await self._init_compute_node(context, resources)
            instances = await Instance.get_by_host(context, self.host)
            self.stats.clear()
            self.tracked_instances.clear()
            self._reset_usage()
            for instance in instances:
                if instance.vm_state not in _GONE:
                    self._track(instance)
            self._log_final_resource_view()
            await self._update(context)

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

    def _reset_usage(self) -> None:
        node = self.node
        node.vcpus_used = self.conf.reserved_host_cpus
        node.memory_mb_used = self.conf.reserved_host_memory_mb
        node.local_gb_used = self.conf.reserved_host_disk_mb // 1024
        self._derive()

    def _track(self, instance: Instance) -> None:
        self.tracked_instances.add(instance.uuid)
        self.stats.update_stats_for_instance(instance)
        self._use(instance, 1)

    def _untrack(self, instance: Instance) -> None:
        if instance.uuid in self.tracked_instances:
            self.tracked_instances.discard(instance.uuid)
            self.stats.update_stats_for_instance(instance, is_removed=True)
            self._use(instance, -1)

    def _use(self, instance: Instance, sign: int) -> None:
        node, flavor = self.node, instance.flavor
        node.vcpus_used += sign * flavor.vcpus
        node.memory_mb_used += sign * flavor.memory_mb
        node.local_gb_used += sign * (flavor.root_gb + flavor.ephemeral_gb + flavor.swap // 1024)
        self._derive()

    def _derive(self) -> None:
        node = self.node
        node.free_ram_mb = node.memory_mb - node.memory_mb_used
        node.free_disk_gb = node.local_gb - node.local_gb_used
        node.running_vms = self.stats.counts["num_instances"]
        node.stats = self.stats.as_dict()
        tasks = {
            key: count for key, count in self.stats.counts.items() if key.startswith("num_task_")
        }
        node.current_workload = sum(count for key, count in tasks.items() if key != "num_task_None")

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
        node, conf = self.node, self.conf
        options = {
            "VCPU": (node.cpu_allocation_ratio, conf.reserved_host_cpus),
            "MEMORY_MB": (node.ram_allocation_ratio, conf.reserved_host_memory_mb),
            "DISK_GB": (node.disk_allocation_ratio, conf.reserved_host_disk_mb // 1024),
        }
        return {
            name: {**amounts, "allocation_ratio": options[name][0], "reserved": options[name][1]}
            for name, amounts in inventory.items()
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
