"""Consoles: what a guest has written, and a way in for its user."""

from __future__ import annotations

from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import check_instance_host, reject_instance_state
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState

_BUSY = (TaskState.DELETING, TaskState.MIGRATING)


class Consoles(Base):
    """All of them ask the server's compute and wait for its answer."""

    @check_instance_host()
    @reject_instance_state(task_state=_BUSY)
    async def get_vnc_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> str:
        """The address of a VNC console, with a token in it."""
        return await self.compute_rpcapi.get_vnc_console(context, instance, console_type)

    @check_instance_host()
    @reject_instance_state(task_state=_BUSY)
    async def get_spice_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> str:
        """The address of a SPICE console, with a token in it."""
        return await self.compute_rpcapi.get_spice_console(context, instance, console_type)

    @check_instance_host()
    @reject_instance_state(task_state=_BUSY)
    async def get_serial_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> str:
        """The address of a serial console, with a token in it."""
        return await self.compute_rpcapi.get_serial_console(context, instance, console_type)

    @check_instance_host()
    async def get_console_output(
        self, context: RequestContext, instance: Instance, tail_length: str | int | None = None
    ) -> str:
        """The last lines that the guest has written, or all of them."""
        return await self.compute_rpcapi.get_console_output(context, instance, tail_length)
