"""What the conductor asks of Neutron (`_cleanup_allocated_networks` of `nova/conductor/manager.py`)."""

from __future__ import annotations

from contextlib import suppress

from simnova.config import Config
from simnova.nova import exception
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.base import TaskBase
from simnova.nova.context import RequestContext
from simnova.nova.image import glance
from simnova.nova.log import getLogger
from simnova.nova.network import neutron
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.network_request import NetworkRequest
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.rpcapi import SchedulerAPI

LOG = getLogger("nova.conductor.manager")


class Networks(TaskBase):
    """The task manager's way to Neutron."""

    def __init__(
        self,
        conf: Config,
        scheduler: SchedulerAPI,
        compute: ComputeAPI,
        report_client: SchedulerReportClient,
        image_api: glance.API,
        network_api: neutron.API,
    ) -> None:
        super().__init__(conf, scheduler, compute, report_client, image_api)
        self.network_api = network_api

    async def _cleanup_allocated_networks(
        self,
        context: RequestContext,
        instance: Instance,
        requested_networks: list[NetworkRequest] | None,
    ) -> None:
        """Take back what the last host could not; of a host that could, no ports are known any more."""
        if instance.system_metadata.get("network_allocated") != "True":
            return
        try:
            await self.network_api.deallocate_for_instance(context, instance, requested_networks)
        except Exception:
            LOG.exception("Failed to deallocate networks", instance=instance)
            return
        instance.system_metadata = {**instance.system_metadata, "network_allocated": "False"}
        with suppress(exception.InstanceNotFound):
            await instance.save()
