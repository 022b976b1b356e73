"""What every operation of the compute API needs: the options and whom it asks."""

from __future__ import annotations

from simnova.config import Config
from simnova.nova import exception, servicegroup
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.rpcapi import ComputeTaskAPI
from simnova.nova.context import RequestContext
from simnova.nova.image import glance
from simnova.nova.network import neutron
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import InstanceAction
from simnova.nova.quota import quota_driver
from simnova.nova.scheduler.client.report import SchedulerReportClient


class Base:
    """The compute API without its operations: those are in the modules beside this one."""

    def __init__(
        self,
        conf: Config,
        servicegroup_api: servicegroup.API,
        image_api: glance.API,
        network_api: neutron.API,
        conductor: ComputeTaskAPI,
        compute: ComputeAPI,
        report_client: SchedulerReportClient,
    ) -> None:
        self.conf = conf
        self.servicegroup_api = servicegroup_api
        self.image_api = image_api
        self.network_api = network_api
        self.compute_task_api = conductor
        self.compute_rpcapi = compute
        self.placementclient = report_client
        self.quotas = quota_driver(conf, report_client)

    async def _record_action_start(
        self, context: RequestContext, instance: Instance, action: str
    ) -> InstanceAction:
        """Note that an action begins; raises InstanceNotFound where the server is in no cell yet."""
        if instance.id is None:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        return await InstanceAction.action_start(context, instance.uuid, action)
