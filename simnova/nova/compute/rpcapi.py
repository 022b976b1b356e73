"""Client side of the compute RPC API (`nova/compute/rpcapi.py`)."""

from __future__ import annotations

from typing import Any

from simnova.nova.compute.rpcapi_moves import MoveAPI
from simnova.nova.context import RequestContext
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.instance import Instance

__door__ = True


class ComputeAPI(MoveAPI):
    """What can be asked of the nova-compute of a host. Operations on a server are casts to its host."""

    async def build_and_run_instance(
        self, context: RequestContext, host: str, **kwargs: Any
    ) -> None:
        """Build this server; the one message of a boot that reaches the chosen host."""
        await self._cast(context, host, "build_and_run_instance", **kwargs)

    async def terminate_instance(
        self, context: RequestContext, instance: Instance, bdms: list[BlockDeviceMapping]
    ) -> None:
        """Delete this server."""
        await self._cast(context, instance.host, "terminate_instance", instance=instance, bdms=bdms)

    async def stop_instance(
        self, context: RequestContext, instance: Instance, clean_shutdown: bool = True
    ) -> None:
        """Shut the guest down."""
        more: dict[str, Any] = {"instance": instance, "clean_shutdown": clean_shutdown}
        await self._cast(context, instance.host, "stop_instance", **more)

    async def start_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start a guest that is off."""
        await self._cast(context, instance.host, "start_instance", instance=instance)

    async def reboot_instance(
        self, context: RequestContext, instance: Instance, reboot_type: str
    ) -> None:
        """Reboot the guest, "SOFT" or "HARD"."""
        more: dict[str, Any] = {
            "instance": instance,
            "block_device_info": None,
            "reboot_type": reboot_type,
        }
        await self._cast(context, instance.host, "reboot_instance", **more)

    async def pause_instance(self, context: RequestContext, instance: Instance) -> None:
        """Freeze the guest."""
        await self._cast(context, instance.host, "pause_instance", instance=instance)

    async def unpause_instance(self, context: RequestContext, instance: Instance) -> None:
        """Let a paused guest go on."""
        await self._cast(context, instance.host, "unpause_instance", instance=instance)

    async def suspend_instance(self, context: RequestContext, instance: Instance) -> None:
        """Save the guest's memory and stop it."""
        await self._cast(context, instance.host, "suspend_instance", instance=instance)

    async def resume_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start a suspended guest from its memory."""
        await self._cast(context, instance.host, "resume_instance", instance=instance)

    async def set_admin_password(
        self, context: RequestContext, instance: Instance, new_pass: str
    ) -> None:
        """Call: change the administrator's password inside the guest."""
        more: dict[str, Any] = {"instance": instance, "new_pass": new_pass}
        await self._call(context, instance.host, "set_admin_password", **more)

    async def set_host_enabled(self, context: RequestContext, host: str, enabled: bool) -> str:
        """Call: have the host's provider say whether its service is disabled; `enabled` or `disabled`."""
        answer: str = await self._call(context, host, "set_host_enabled", enabled=enabled)
        return answer

    # --- images, rescue, shelve ---------------------------------------------------------------------------------

    async def snapshot_instance(
        self, context: RequestContext, instance: Instance, image_id: str
    ) -> None:
        """Upload the guest's disk as that image."""
        more = {"instance": instance, "image_id": image_id}
        await self._cast(context, instance.host, "snapshot_instance", **more)

    async def backup_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image_id: str,
        backup_type: str,
        rotation: int,
    ) -> None:
        """Upload the guest's disk as one of `rotation` backups."""
        more = {"instance": instance, "image_id": image_id}
        kind = {"backup_type": backup_type, "rotation": rotation}
        await self._cast(context, instance.host, "backup_instance", **more, **kind)

    async def rescue_instance(
        self,
        context: RequestContext,
        instance: Instance,
        rescue_password: str | None,
        rescue_image_ref: str | None,
    ) -> None:
        """Start the guest from a rescue image."""
        more = {"rescue_password": rescue_password, "rescue_image_ref": rescue_image_ref}
        await self._cast(
            context,
            instance.host,
            "rescue_instance",
            instance=instance,
            clean_shutdown=True,
            **more,
        )

    async def unrescue_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start the guest from its own disk again."""
        await self._cast(context, instance.host, "unrescue_instance", instance=instance)

    async def rebuild_instance(self, context: RequestContext, host: str, **kwargs: Any) -> None:
        """Make the guest anew."""
        await self._cast(context, host, "rebuild_instance", **kwargs)

    async def shelve_instance(
        self, context: RequestContext, instance: Instance, image_id: str
    ) -> None:
        """Stop the guest and upload its disk as that image."""
        more = {"instance": instance, "image_id": image_id, "clean_shutdown": True}
        await self._cast(context, instance.host, "shelve_instance", accel_uuids=[], **more)

    async def shelve_offload_instance(self, context: RequestContext, instance: Instance) -> None:
        """Give up the host."""
        more = {"instance": instance, "clean_shutdown": True, "accel_uuids": []}
        await self._cast(context, instance.host, "shelve_offload_instance", **more)

    async def unshelve_instance(self, context: RequestContext, host: str, **kwargs: Any) -> None:
        """Spawn the guest from the image of its shelf."""
        await self._cast(context, host, "unshelve_instance", **kwargs)

    async def soft_delete_instance(self, context: RequestContext, instance: Instance) -> None:
        """Stop the guest and keep it."""
        await self._cast(context, instance.host, "soft_delete_instance", instance=instance)

    async def restore_instance(self, context: RequestContext, instance: Instance) -> None:
        """Start a guest that was softly deleted."""
        await self._cast(context, instance.host, "restore_instance", instance=instance)

    # --- calls: the API waits for the answer --------------------------------------------------------------------

    async def attach_interface(
        self, context: RequestContext, instance: Instance, **kwargs: Any
    ) -> dict[str, Any]:
        """Plug a card in; the new VIF."""
        return dict(
            await self._call(
                context, instance.host, "attach_interface", instance=instance, **kwargs
            )
        )

    async def detach_interface(
        self, context: RequestContext, instance: Instance, port_id: str
    ) -> None:
        """Pull a card out; this one is a cast."""
        more = {"instance": instance, "port_id": port_id}
        await self._cast(context, instance.host, "detach_interface", **more)

    async def get_console_output(
        self, context: RequestContext, instance: Instance, tail_length: str | int | None
    ) -> str:
        """What the guest has written."""
        more = {"instance": instance, "tail_length": tail_length}
        return str(await self._call(context, instance.host, "get_console_output", **more))

    async def get_vnc_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> str:
        """The address of a VNC console."""
        return await self._console(context, instance, "get_vnc_console", console_type)

    async def get_spice_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> str:
        """The address of a SPICE console."""
        return await self._console(context, instance, "get_spice_console", console_type)

    async def get_serial_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> str:
        """The address of a serial console."""
        return await self._console(context, instance, "get_serial_console", console_type)

    async def validate_console_port(
        self, context: RequestContext, instance: Instance, port: str, console_type: str
    ) -> bool:
        """Whether the console still listens there; asked by the proxies, of the second server of nova-compute."""
        more = {"instance": instance, "port": port, "console_type": console_type}
        client = self._to(context, instance.host, True)
        return bool(await client.call(context, "validate_console_port", **more))

    async def _console(
        self, context: RequestContext, instance: Instance, method: str, console_type: str
    ) -> str:
        more = {"instance": instance, "console_type": console_type}
        return str((await self._call(context, instance.host, method, **more))["access_url"])
