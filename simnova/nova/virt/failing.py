"""What of a simulated hypervisor can be made to fail."""

from __future__ import annotations

from dataclasses import dataclass

from simnova.nova.virt.profile import STEPS

FAILING = frozenset(
    {
        *STEPS,
        *("init_host", "get_available_resource", "get_info", "spawn", "destroy", "cleanup"),
        *("reboot", "power_on", "power_off", "pause", "unpause", "suspend", "resume"),
        *("set_admin_password", "snapshot", "rescue", "unrescue"),
        *("migrate_disk_and_power_off", "finish_migration"),
        *("confirm_migration", "finish_revert_migration"),
        *("attach_interface", "detach_interface", "get_vnc_console", "get_console_output"),
        *("check_can_live_migrate_destination", "check_can_live_migrate_source"),
        *("pre_live_migration", "live_migration", "precopy"),
        *("post_live_migration", "post_live_migration_at_source"),
        *("post_live_migration_at_destination", "rollback_live_migration_at_source"),
        *("rollback_live_migration_at_destination",),
        *("live_migration_abort", "live_migration_force_complete"),
    }
)
"""What can be made to fail: steps and whole methods."""


@dataclass
class Failing:
    """A driver's method or step that fails the next `times` times."""

    host: str
    what: str
    error: Exception
    times: int

    @property
    def waits(self) -> bool:
        """Whether it fails once more."""
        return self.times > 0

    def disarm(self) -> None:
        """Fail no more."""
        self.times = 0

    def strike(self) -> None:
        """Fail now."""
        self.times -= 1
        raise self.error.with_traceback(None)

    def __str__(self) -> str:
        often = (
            "the next time it does" if self.times == 1 else f"the next {self.times} times it does"
        )
        return f"the hypervisor of {self.host} fails {often} {self.what}: {self.error}"
