"""Network cards are plugged into a guest, and pulled out."""

from __future__ import annotations

from typing import Any

from simnova.exceptions import NovaError
from simnova.messaging.rpc import expected_exceptions
from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.compute.manager.wrappers import wrap_instance_event, wrap_instance_fault
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.network_request import NetworkRequest

LOG = getLogger("nova.compute.manager")


_INVALID: tuple[type[Exception], ...] = (
    exception.Invalid,
    exception.AttachInterfaceNotSupported,
    exception.InterfaceAttachFailedNoNetwork,
    exception.NetworkAmbiguous,
    exception.NetworkRequiresSubnet,
    exception.PortBindingFailed,
    exception.PortInUse,
    exception.PortNotUsable,
    exception.PortRequiresFixedIP,
)
"""Errors of the user, in Nova all `Invalid`: not worth a traceback."""


class Interfaces(Base):
    """Attach is a call from the API, detach a cast."""

    @expected_exceptions(*_INVALID)
    @wrap_instance_event("compute")
    @wrap_instance_fault
    async def attach_interface(
        self,
        context: RequestContext,
        instance: Instance,
        network_id: str | None,
        port_id: str | None,
        requested_ip: str | None,
        tag: str | None,
    ) -> dict[str, Any]:
        """Make or take a port, bind it here, plug it in; the new VIF."""
        if not self.driver.capabilities.get("supports_attach_interface", False):
            raise exception.AttachInterfaceNotSupported(instance_uuid=instance.uuid)
        wanted = NetworkRequest(network_id=network_id, address=requested_ip, port_id=port_id)
        network_info = await self.network_api.allocate_for_instance(
            context,
            instance,
            [wanted] if network_id or port_id else None,
            bind_host_id=self.host,
        )
        if not network_info and not network_id:
            raise exception.InterfaceAttachFailedNoNetwork(project_id=instance.project_id)
        if len(network_info) != 1:
            LOG.error("allocate_for_instance returned %s ports", len(network_info))
            raise exception.InterfaceAttachFailed(instance_uuid=instance.uuid)
        (vif,) = network_info
        before, instance.network_info = (
            instance.network_info,
            [*instance.network_info, vif],
        )
        image = ImageMeta.from_system_metadata(instance.system_metadata)
        try:
            await self.driver.attach_interface(context, instance, image, vif)
        except Exception as error:
            text = "attaching network adapter failed."
            LOG.warning(text, instance=instance)
            await self.network_api.deallocate_port_for_instance(context, instance, vif["id"])
            instance.network_info = before
            raise exception.InterfaceAttachFailed(instance_uuid=instance.uuid) from error
        await instance.save()
        return vif

    @wrap_instance_event("compute")
    @wrap_instance_fault
    async def detach_interface(
        self, context: RequestContext, instance: Instance, port_id: str
    ) -> None:
        """Pull a card out and delete its port."""
        found = [vif for vif in instance.network_info if vif["id"] == port_id]
        if not found:
            raise exception.PortNotFound(f"Port {port_id} is not attached", port_id=port_id)
        try:
            await self.driver.detach_interface(context, instance, found[0])
        except NovaError as error:
            LOG.warning("Detach interface failed, port_id=%s, reason: %s", port_id, error)
            raise exception.InterfaceDetachFailed(instance_uuid=instance.uuid) from error
        await self.network_api.deallocate_port_for_instance(context, instance, port_id)
        instance.network_info = [vif for vif in instance.network_info if vif["id"] != port_id]
        await instance.save()
