"""What a compute host counts about its servers, for the scheduler (`nova/compute/stats.py`)."""

from __future__ import annotations

from collections import Counter

from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import VmState

_IO_HEAVY = (
    "num_vm_building",
    "num_task_resize_migrating",
    "num_task_rebuilding",
    "num_task_resize_prep",
    "num_task_image_snapshot",
    "num_task_image_backup",
    "num_task_rescuing",
    "num_task_unshelving",
)


class Stats:
    """Counts of a host's servers by state, task, system and project, and of its failed builds."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failed_builds = 0
        self._keys: dict[str, list[str]] = {}

    def clear(self) -> None:
        """Begin to count anew, as an audit does; failed builds stay."""
        self.counts.clear()
        self._keys.clear()

    @property
    def io_workload(self) -> int:
        """How many servers keep the host's disks busy (IoOpsFilter and its weigher read this)."""
        return sum(self.counts[key] for key in _IO_HEAVY)

    def update_stats_for_instance(self, instance: Instance, is_removed: bool = False) -> None:
        """Count a server under its present state instead of the one before."""
        for key in self._keys.pop(instance.uuid, ()):
            self.counts[key] -= 1
        if is_removed or instance.vm_state == VmState.DELETED:
            return
        keys = [
            "num_instances",
            f"num_vm_{instance.vm_state}",
            f"num_task_{instance.task_state}",
            "num_os_type_None",
            f"num_proj_{instance.project_id}",
        ]
        self.counts.update(keys)
        self._keys[instance.uuid] = keys

    def as_dict(self) -> dict[str, str]:
        """The `stats` of the compute node, as text as Nova keeps them."""
        values = dict(self.counts) | {
            "failed_builds": self.failed_builds,
            "io_workload": self.io_workload,
        }
        return {name: str(values[name]) for name in sorted(values)}
