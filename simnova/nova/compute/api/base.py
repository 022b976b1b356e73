"""What every operation of the compute API needs: the options and whom it asks."""

from __future__ import annotations

from simnova.config import Config
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.rpcapi import ComputeTaskAPI
from simnova.nova.image import glance
from simnova.nova.network import neutron
from simnova.nova.scheduler.client.report import SchedulerReportClient


class Base:
    """The compute API without its operations: those are in the modules beside this one."""

    def __init__(
        self,
        conf: Config,
        image_api: glance.API,
        network_api: neutron.API,
        conductor: ComputeTaskAPI,
        compute: ComputeAPI,
        report_client: SchedulerReportClient,
    ) -> None:
        self.conf = conf
        self.image_api = image_api
        self.network_api = network_api
        self.compute_task_api = conductor
        self.compute_rpcapi = compute
        self.placementclient = report_client
