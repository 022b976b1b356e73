"""The conductor's part of a rebuild: may the host have the new image?"""

from __future__ import annotations

from typing import Any

from simnova.nova import availability_zones, exception
from simnova.nova.conductor.evacuate import EvacuateTask
from simnova.nova.conductor.tasks.migrate import restrict_to_cell
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import EventReporter
from simnova.nova.objects.request_spec import RequestSpec

LOG = getLogger("nova.conductor.manager")


class RebuildTask(EvacuateTask):
    """Rebuild."""

    async def rebuild_instance(
        self,
        context: RequestContext,
        instance: Instance,
        orig_image_ref: str | None,
        image_ref: str,
        request_spec: RequestSpec | None,
        host: str | None = None,
        **more: Any,
    ) -> None:
        """Cast: have the server rebuilt on its host; without a `host` the scheduler is asked whether it may be."""
        context = await self._targeted(context, instance)
        async with EventReporter(context, "rebuild_server", self.conf.host, instance.uuid):
            if more.get("recreate") and request_spec is not None:
                images = {"orig_image_ref": orig_image_ref, "image_ref": image_ref}
                await self._evacuate(context, instance, request_spec, host, **images, **more)
                return
            node, limits = None, None
            if host is None and request_spec is not None:
                host, node, limits = await self._ask_scheduler(
                    context, instance, request_spec, orig_image_ref
                )
            instance.availability_zone = await availability_zones.get_host_availability_zone(
                context, self.conf, str(host)
            )
            await self.compute_rpcapi.rebuild_instance(
                context,
                str(host),
                instance=instance,
                orig_image_ref=orig_image_ref,
                image_ref=image_ref,
                request_spec=request_spec,
                migration=None,
                scheduled_node=node,
                limits=limits,
                accel_uuids=[],
                **more,
            )

    async def _ask_scheduler(
        self,
        context: RequestContext,
        instance: Instance,
        spec: RequestSpec,
        orig_image_ref: str | None,
    ) -> tuple[str, str, dict[str, Any] | None]:
        await restrict_to_cell(context, instance.uuid, spec)
        try:
            hosts = await self._schedule_instances(
                context, spec, [instance.uuid], return_alternates=False
            )
        except exception.NoValidHost as error:
            instance.image_ref = orig_image_ref
            await self._set_vm_state_and_notify(context, instance, "rebuild_server", error)
            LOG.warning("Rebuild failed: %s", error, instance=instance)
            raise
        chosen = hosts[0][0]
        return chosen.service_host, chosen.nodename, chosen.limits
