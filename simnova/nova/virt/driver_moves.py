"""The seam's half about guests that move (`nova/virt/driver.py`); what a driver cannot do is NotImplementedError."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.guest import Instance, NetworkInfo


class MoveDriver:
    """What nova-compute may ask while a server moves: the source and the destination, each its own."""

    # --- off --------------------------------------------------------------------------------------------------

    async def migrate_disk_and_power_off(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        flavor: Flavor,
        network_info: NetworkInfo | None = None,
        block_device_info: Mapping[str, Any] | None = None,
        timeout: float = 0,
        retry_interval: float = 0,
    ) -> Any:
        """Stop the guest and move its disk; returns what `finish_migration` needs over there."""
        raise NotImplementedError

    async def finish_migration(
        self,
        context: RequestContext,
        migration: Any,
        instance: Instance,
        disk_info: Any,
        network_info: NetworkInfo | None,
        image_meta: ImageMeta,
        resize_instance: bool,
        allocations: Mapping[str, Any] | None,
        block_device_info: Mapping[str, Any] | None = None,
        power_on: bool = True,
    ) -> None:
        """Start the guest on the host it moved to."""
        raise NotImplementedError

    async def confirm_migration(
        self,
        context: RequestContext,
        migration: Any,
        instance: Instance,
        network_info: NetworkInfo | None = None,
    ) -> None:
        """Remove what the guest left on the host it moved from."""
        raise NotImplementedError

    async def finish_revert_migration(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        migration: Any,
        block_device_info: Mapping[str, Any] | None = None,
        power_on: bool = True,
    ) -> None:
        """Start the guest again on the host it had moved from."""
        raise NotImplementedError

    # --- while it runs ----------------------------------------------------------------------------------------

    async def check_can_live_migrate_destination(
        self,
        context: RequestContext,
        instance: Instance,
        src_compute_info: Mapping[str, Any],
        dst_compute_info: Mapping[str, Any],
        block_migration: bool | None = False,
        disk_over_commit: bool | None = False,
    ) -> dict[str, Any]:
        """Whether the running guest can come here; returns what the source must know."""
        raise NotImplementedError

    async def check_can_live_migrate_source(
        self,
        context: RequestContext,
        instance: Instance,
        dest_check_data: Mapping[str, Any],
        block_device_info: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Whether the running guest can leave; returns what the migration must know."""
        raise NotImplementedError

    async def pre_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        block_device_info: Mapping[str, Any] | None,
        network_info: NetworkInfo | None,
        disk_info: Any,
        migrate_data: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Get this host ready for the guest."""
        raise NotImplementedError

    async def live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        dest: str,
        post_method: Callable[..., Awaitable[None]],
        recover_method: Callable[..., Awaitable[None]],
        block_migration: bool | None = False,
        migrate_data: Mapping[str, Any] | None = None,
    ) -> None:
        """Move the running guest to another host; then `post_method`, or `recover_method` where it has failed."""
        raise NotImplementedError

    async def live_migration_force_complete(self, instance: Instance) -> None:
        """End a live migration by force: pause the guest, or switch to post-copy."""
        raise NotImplementedError

    async def live_migration_abort(self, instance: Instance) -> None:
        """Call a live migration off."""
        raise NotImplementedError

    async def post_live_migration(
        self,
        context: RequestContext,
        instance: Instance,
        block_device_info: Mapping[str, Any] | None,
        migrate_data: Mapping[str, Any] | None = None,
    ) -> None:
        """The guest has left: let go of its volumes."""

    async def post_live_migration_at_source(
        self, context: RequestContext, instance: Instance, network_info: NetworkInfo | None
    ) -> None:
        """The guest has left: unplug its cards."""
        raise NotImplementedError

    async def post_live_migration_at_destination(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        block_migration: bool | None = False,
        block_device_info: Mapping[str, Any] | None = None,
    ) -> None:
        """The guest has come: keep it."""
        raise NotImplementedError

    async def rollback_live_migration_at_source(
        self, context: RequestContext, instance: Instance, migrate_data: Mapping[str, Any] | None
    ) -> None:
        """The guest stays: undo here what was done for its move."""

    async def rollback_live_migration_at_destination(
        self,
        context: RequestContext,
        instance: Instance,
        network_info: NetworkInfo | None,
        block_device_info: Mapping[str, Any] | None,
        destroy_disks: bool = True,
        migrate_data: Mapping[str, Any] | None = None,
    ) -> None:
        """The guest does not come: remove what was made for it."""
        raise NotImplementedError
