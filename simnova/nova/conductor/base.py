"""What every long task of the conductor needs: whom it asks, and how it gets a host."""

from __future__ import annotations

from simnova.config import Config
from simnova.messaging.rpc import Target
from simnova.nova import exception
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.image import glance
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_fault import add_instance_fault_from_exc
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.objects.states import VmState
from simnova.nova.quota import quota_driver
from simnova.nova.scheduler import utils as scheduler_utils
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.rpcapi import SchedulerAPI

LOG = getLogger("nova.conductor.manager")
UTILS = getLogger("nova.scheduler.utils")


class TaskBase:
    """The conductor's task manager without its tasks."""

    target = Target(version="1.25", namespace="compute_task")

    def __init__(
        self,
        conf: Config,
        scheduler: SchedulerAPI,
        compute: ComputeAPI,
        report_client: SchedulerReportClient,
        image_api: glance.API,
    ) -> None:
        self.conf = conf
        self.quotas = quota_driver(conf, report_client)
        self.scheduler = scheduler
        self.compute_rpcapi = compute
        self.report_client = report_client
        self.image_api = image_api

    async def _schedule_instances(
        self,
        context: RequestContext,
        spec: RequestSpec,
        uuids: list[str],
        return_alternates: bool = True,
    ) -> list[list[Selection]]:
        await scheduler_utils.setup_instance_group(context, spec, self.conf)
        started = context.here.clock.now
        hosts = await self.scheduler.select_destinations(
            context, spec, uuids, return_objects=True, return_alternates=return_alternates
        )
        took = context.here.clock.now - started
        LOG.debug("Took %0.2f seconds to select destinations for %s instance(s).", took, len(uuids))
        return hosts

    async def _targeted(self, context: RequestContext, instance: Instance) -> RequestContext:
        """The context of the server's cell, which the server gets too (`targets_cell`)."""
        try:
            mapping = await InstanceMapping.get_by_instance_uuid(context, instance.uuid)
        except exception.InstanceMappingNotFound:
            return context
        if mapping.cell_mapping is not None:
            instance.context = target_cell(context, mapping.cell_mapping)
        return instance.ctxt

    async def _set_vm_state_and_notify(
        self,
        context: RequestContext,
        instance: Instance,
        method: str,
        error: Exception,
        vm_state: str = VmState.ERROR,
        expected: str | None = None,
    ) -> None:
        """The server is in this state and nobody works on it, with the fault that says why
        (`set_vm_state_and_notify` of `nova/scheduler/utils.py`, in whose name it is logged).

        Raises UnexpectedTaskStateError where it is no longer in the task `expected`.
        """
        UTILS.warning("Failed to compute_task_%s: %s", method, error)
        UTILS.warning("Setting instance to %s state.", vm_state.upper(), instance=instance)
        instance.vm_state, instance.task_state = vm_state, None
        await instance.save(*([expected] if expected else []))
        await add_instance_fault_from_exc(context, instance.uuid, error)
