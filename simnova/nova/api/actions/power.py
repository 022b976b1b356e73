"""Stop, start, reboot, pause, suspend, and what undoes them; a new password."""

from __future__ import annotations

from simnova.messaging.rest import Fault
from simnova.nova import exception
from simnova.nova.api.actions.registry import Asked, action


@action("os-stop", "stop", "servers:stop")
async def stop(asked: Asked) -> None:
    """Shut it down."""
    await asked.api.stop(asked.context, asked.instance)


@action("os-start", "start", "servers:start")
async def start(asked: Asked) -> None:
    """Start it again."""
    await asked.api.start(asked.context, asked.instance)


@action("reboot", "reboot", "servers:reboot", schemas={(2, 1): "actions.reboot"})
async def reboot(asked: Asked) -> None:
    """Soft or hard, in any case of letters."""
    await asked.api.reboot(asked.context, asked.instance, asked.value["type"].upper())


@action("pause", "pause", "os-pause-server:pause")
async def pause(asked: Asked) -> None:
    """Freeze it."""
    await asked.api.pause(asked.context, asked.instance)


@action("unpause", "unpause", "os-pause-server:unpause")
async def unpause(asked: Asked) -> None:
    """Let it go on."""
    await asked.api.unpause(asked.context, asked.instance)


@action("suspend", "suspend", "os-suspend-server:suspend")
async def suspend(asked: Asked) -> None:
    """Save its memory and stop it."""
    await asked.api.suspend(asked.context, asked.instance)


@action("resume", "resume", "os-suspend-server:resume")
async def resume(asked: Asked) -> None:
    """Start it from its saved memory."""
    await asked.api.resume(asked.context, asked.instance)


@action(
    "changePassword",
    "changePassword",
    "os-admin-password",
    schemas={(2, 1): "actions.change_password"},
)
async def change_password(asked: Asked) -> None:
    """A new password for the administrator of the guest."""
    try:
        await asked.api.set_admin_password(asked.context, asked.instance, asked.value["adminPass"])
    except exception.InstancePasswordSetFailed as error:
        raise Fault(409, str(error)) from None
