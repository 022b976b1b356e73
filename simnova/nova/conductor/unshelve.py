"""The conductor's part of an unshelve: a start where the server still has its host, else a new host."""

from __future__ import annotations

from typing import Any

from simnova.nova import availability_zones, exception
from simnova.nova.conductor.recheck import QuotaRecheck
from simnova.nova.conductor.tasks.migrate import restrict_to_cell
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import EventReporter
from simnova.nova.objects.instance_fault import add_instance_fault_from_exc
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.conductor.manager")


class UnshelveTask(QuotaRecheck):
    """Unshelve."""

    async def unshelve_instance(
        self,
        context: RequestContext,
        instance: Instance,
        request_spec: RequestSpec | None = None,
    ) -> None:
        """Cast: bring a server back from its shelf."""
        context = await self._targeted(context, instance)
        if instance.vm_state == VmState.SHELVED:
            instance.task_state = TaskState.POWERING_ON
            await instance.save(expected_task_state=TaskState.UNSHELVING)
            await self.compute_rpcapi.start_instance(context, instance)
            return
        image = await self._shelved_image(context, instance)
        try:
            await self._to_a_new_host(context, instance, request_spec, image)
        except exception.NoValidHost:
            instance.task_state = None
            await instance.save()
            LOG.warning("No valid host found for unshelve instance", instance=instance)
        except Exception:
            instance.task_state = None
            await instance.save()
            LOG.error("Unshelve attempted but an error has occurred", instance=instance)
            raise

    async def _shelved_image(self, context: RequestContext, instance: Instance) -> dict[str, Any]:
        image_id = str(instance.system_metadata.get("shelved_image_id"))
        async with EventReporter(context, "get_image_info", self.conf.host, instance.uuid):
            try:
                return await self.image_api.get(context, image_id)
            except exception.ImageNotFound as error:
                reason = f"Unshelve attempted but the image {image_id} cannot be found."
                instance.vm_state = VmState.ERROR
                await instance.save()
                LOG.error(reason, instance=instance)
                await add_instance_fault_from_exc(context, instance.uuid, error, message=reason)
                raise exception.UnshelveException(
                    instance_id=instance.uuid, reason=reason
                ) from None

    async def _recheck_unshelve(self, context: RequestContext, instance: Instance) -> None:
        """Give the claim up where it is too much by now; in the cells nothing new is counted."""
        if not self.conf.quota.count_usage_from_placement:
            return
        try:
            await self._recheck_quota(context, instance, 0)
        except exception.TooManyInstances:
            await self.report_client.delete_allocation_for_instance(
                context, instance.uuid, force=True
            )
            raise

    async def _to_a_new_host(
        self,
        context: RequestContext,
        instance: Instance,
        spec: RequestSpec | None,
        image: dict[str, Any],
    ) -> None:
        async with EventReporter(context, "schedule_instances", self.conf.host, instance.uuid):
            if spec is None:
                raise exception.NoValidHost(reason="")
            spec.force_hosts = spec.force_nodes = None
            await restrict_to_cell(context, instance.uuid, spec)
            hosts = await self._schedule_instances(
                context, spec, [instance.uuid], return_alternates=False
            )
            await self._recheck_unshelve(context, instance)
            chosen = hosts[0][0]
            text = "Scheduler selected host: %s, node:%s"
            LOG.debug(text, chosen.service_host, chosen.nodename, instance=instance)
            instance.availability_zone = await availability_zones.get_host_availability_zone(
                context, self.conf, chosen.service_host
            )
            await self.compute_rpcapi.unshelve_instance(
                context,
                chosen.service_host,
                instance=instance,
                request_spec=spec,
                image=image,
                filter_properties={"limits": chosen.limits},
                node=chosen.nodename,
                accel_uuids=[],
            )
