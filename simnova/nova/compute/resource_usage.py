"""What is used of a host: its servers, and what moves in and out (`nova/compute/resource_tracker.py`).

A server on the move is counted on both hosts: where it goes from the claim on, where it comes from until the move
is confirmed, because it may come back.
"""

from __future__ import annotations

from simnova.config import Config
from simnova.nova import exception
from simnova.nova.compute.devices import Devices
from simnova.nova.compute.stats import Stats
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.resource_tracker")

_RESIZING = (
    TaskState.RESIZE_PREP,
    TaskState.RESIZE_MIGRATING,
    TaskState.RESIZE_MIGRATED,
    TaskState.RESIZE_FINISH,
)
_REBUILDING = (
    TaskState.REBUILDING,
    TaskState.REBUILD_BLOCK_DEVICE_MAPPING,
    TaskState.REBUILD_SPAWNING,
)


class ResourceUsage:
    """The counting half of the tracker: `tracked_instances` are here, `tracked_migrations` come or go."""

    def __init__(self, host: str, conf: Config) -> None:
        self.host = host
        self.conf = conf
        self.compute_node: ComputeNode | None = None
        self.stats = Stats()
        self.tracked_instances: set[str] = set()
        self.tracked_migrations: dict[str, Migration] = {}
        self.devices = Devices(conf)

    @property
    def node(self) -> ComputeNode:
        """The node this host has; raises where the first audit has not been made yet."""
        if self.compute_node is None:
            raise exception.ComputeHostNotFound(host=self.host)
        return self.compute_node

    def _reset_usage(self) -> None:
        """Count from nothing but what is reserved for the host itself."""
        self.stats.clear()
        self.tracked_instances.clear()
        self.tracked_migrations.clear()
        self.devices.clear()
        node = self.node
        node.vcpus_used = self.conf.reserved_host_cpus
        node.memory_mb_used = self.conf.reserved_host_memory_mb
        node.local_gb_used = self.conf.reserved_host_disk_mb // 1024
        self._derive()

    # --- servers ----------------------------------------------------------------------------------------------

    def _track(self, instance: Instance) -> None:
        if _removed(instance):
            return
        self.tracked_instances.add(instance.uuid)
        self.stats.update_stats_for_instance(instance)
        self._use(instance.flavor, instance, 1)

    def _untrack(self, instance: Instance) -> None:
        if instance.uuid in self.tracked_instances:
            self.tracked_instances.discard(instance.uuid)
            self.stats.update_stats_for_instance(instance, is_removed=True)
            self._use(instance.flavor, instance, -1)

    # --- moves ------------------------------------------------------------------------------------------------

    def _track_migration(self, instance: Instance, migration: Migration) -> None:
        """Count what a move takes of this host beside what its server takes (`_update_usage_from_migration`)."""
        LOG.info("Updating resource usage from migration %s", migration.uuid, instance=instance)
        flavor = self._moving_flavor(instance, migration)
        if flavor is not None:
            self._use(flavor, instance, 1)
            self.tracked_migrations[instance.uuid] = migration

    def _moving_flavor(self, instance: Instance, migration: Migration) -> Flavor | None:
        """The flavor for which room is held: the new one for who comes, the old one for who may come back."""
        here = (self.host, self.node.hypervisor_hostname)
        incoming = (migration.dest_compute, migration.dest_node) == here
        outbound = (migration.source_compute, migration.source_node) == here
        if incoming and outbound:
            arrived = instance.instance_type_id != migration.old_instance_type_id
            return _flavor(instance, migration, "old" if arrived else "new")
        if instance.uuid in self.tracked_instances:
            return None
        if incoming:
            return _flavor(instance, migration, "new")
        return _flavor(instance, migration, "old") if outbound else None

    def _untrack_migration(self, instance: Instance, flavor: Flavor | None) -> None:
        """Hold no room any more, neither for a move nor for its server (`_drop_move_claim`)."""
        if flavor is not None:
            self._use(flavor, instance, -1)
        self.tracked_migrations.pop(instance.uuid, None)
        self.tracked_instances.discard(instance.uuid)

    # --- numbers ----------------------------------------------------------------------------------------------

    def _use(self, flavor: Flavor, instance: Instance, sign: int) -> None:
        node = self.node
        root = flavor.root_gb if instance.image_ref else 0
        node.vcpus_used += sign * flavor.vcpus
        node.memory_mb_used += sign * flavor.memory_mb
        node.local_gb_used += sign * (root + flavor.ephemeral_gb + flavor.swap // 1024)
        self.devices.use(node, instance, flavor, sign)
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


def is_trackable(instance: Instance) -> bool:
    """Whether an open migration of this server still takes resources: it is being resized, rebuilt or moved live."""
    vm, task = instance.vm_state, instance.task_state
    if vm == VmState.RESIZED:
        return True
    if task == TaskState.MIGRATING:
        return vm in (VmState.ACTIVE, VmState.PAUSED)
    return vm in (VmState.ACTIVE, VmState.STOPPED) and task in (*_RESIZING, *_REBUILDING)


def _flavor(instance: Instance, migration: Migration, which: str) -> Flavor | None:
    """The old or the new flavor of a resize; other moves keep theirs."""
    if not migration.is_resize:
        return instance.flavor
    return instance.old_flavor if which == "old" else instance.new_flavor


def _removed(instance: Instance) -> bool:
    """Whether a server takes nothing of its host any more (`vm_states.allow_resource_removal`)."""
    offloaded = instance.vm_state == VmState.SHELVED_OFFLOADED
    return instance.vm_state == VmState.DELETED or (
        offloaded and instance.task_state != TaskState.SPAWNING
    )
