"""What each of Nova's services is made of when its process starts: its manager, and the clients that it asks with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from simnova.cloud.doors import Doors
from simnova.cloud.equipment import conf_of
from simnova.cloud.hosts import Host
from simnova.cloud.layout import Cell
from simnova.cloud.managers import Managers
from simnova.config import Config
from simnova.kernel.clock import Clock, Service
from simnova.messaging.rest import App, Rest
from simnova.messaging.rpc import Target
from simnova.nova import service as nova_service
from simnova.nova import servicegroup
from simnova.nova.api.app import ComputeApp
from simnova.nova.api.auth import Auth
from simnova.nova.api.metadata.handler import MetadataRequestHandler
from simnova.nova.compute import api as compute
from simnova.nova.compute.api.aggregate import AggregateAPI
from simnova.nova.compute.api.host import HostAPI
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.compute_task import ComputeTaskManager
from simnova.nova.conductor.manager import ConductorManager
from simnova.nova.conductor.rpcapi import ComputeTaskAPI, ConductorAPI
from simnova.nova.console.websocketproxy import WebSocketProxy
from simnova.nova.context import Place
from simnova.nova.image import glance
from simnova.nova.manager import Manager
from simnova.nova.network import neutron
from simnova.nova.scheduler.client.no_placement import NoPlacement
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.manager import SchedulerManager
from simnova.nova.scheduler.rpcapi import SchedulerAPI
from simnova.nova.virt.driver import ComputeDriver
from simnova.nova.virt.watched import WatchedDriver

__door__ = True

CONTROLLER = "controller"
"""The host on which the control services run; a cell's own run on `controller-cell1`."""


class Processes:
    """Makes Nova's services, each in the place where it stands."""

    def __init__(
        self,
        clock: Clock,
        conf: Config,
        rest: Rest,
        doors: Doors,
        filters: Sequence[Any] = (),
        weighers: Sequence[Any] = (),
        managers: Managers | None = None,
    ) -> None:
        self.clock = clock
        self.conf = conf
        self.rest = rest
        self.doors = doors
        self.filters, self.weighers = filters, weighers
        self.managers = managers or Managers()

    @property
    def _timeout(self) -> float:
        return float(self.conf.rpc_response_timeout)

    def _report_client(self) -> SchedulerReportClient:
        kind = SchedulerReportClient if self.conf.uses_placement else NoPlacement
        return kind(self.rest)

    def _network_api(self) -> neutron.API:
        return neutron.API(self.rest, self.conf.neutron.http_retries)

    def api(self, life: Service) -> App:
        """nova-api."""
        place, conf, timeout = self.doors.place(life), self.conf, self._timeout
        compute_api = compute.API(
            conf,
            servicegroup.API(conf, self.clock),
            glance.API(self.rest),
            self._network_api(),
            ComputeTaskAPI(place, timeout, float(conf.long_rpc_timeout)),
            ComputeAPI(place, timeout),
            self._report_client(),
        )
        host_api = HostAPI(ComputeAPI(place, timeout), servicegroup.API(conf, self.clock))
        aggregate_api = AggregateAPI(SchedulerAPI(place, timeout), self._report_client())
        return ComputeApp(Auth(self.rest, place), conf, compute_api, host_api, aggregate_api)

    def metadata(self, life: Service) -> App:
        """nova-api-metadata."""
        return MetadataRequestHandler(
            self.doors.place(life),
            self.conf,
            self._network_api(),
        )

    def proxy(self, life: Service, cell: Cell | None) -> App:
        """A proxy of consoles; each cell that is split off has its own, for tokens are in the cells' databases."""
        place = self._in(cell, life)
        return WebSocketProxy(place, ComputeAPI(place, self._timeout))

    def _in(self, cell: Cell | None, life: Service) -> Place:
        if cell is None:
            return self.doors.place(life)
        return self.doors.cell_place(life, cell, bool(self.conf.api_database.connection))

    def conductor(self, life: Service, cell: Cell | None = None) -> nova_service.Service:
        """nova-conductor of the API level, or of a cell."""
        place, host = self._in(cell, life), f"{CONTROLLER}-{cell.name}" if cell else CONTROLLER
        tasks = self.managers.of(ComputeTaskManager)(
            self.conf,
            SchedulerAPI(place, self._timeout),
            ComputeAPI(place, self._timeout),
            self._report_client(),
            glance.API(self.rest),
            self._network_api(),
        )
        return self._service(
            place, "conductor", host, [self.managers.of(ConductorManager)(), tasks]
        )

    def scheduler(self, life: Service) -> nova_service.Service:
        """nova-scheduler."""
        place = self.doors.place(life)
        report_client = self._report_client() if self.conf.uses_placement else None
        host_manager = HostManager(place, self.conf, self.filters, self.weighers)
        kind = self.managers.of(SchedulerManager)
        manager = kind(place, self.conf, report_client, host_manager)
        return self._service(place, "scheduler", CONTROLLER, [manager], manager)

    def compute(
        self, life: Service, host: Host, cell: Cell, driver: WatchedDriver
    ) -> nova_service.Service:
        """nova-compute of a host; with `use_local` it writes to the database itself."""
        direct = bool(self.conf.conductor.use_local)
        place = self.doors.compute_place(life, cell, direct)
        place.indirection = None if direct else ConductorAPI(place, self._timeout)
        manager = self.managers.of(ComputeManager)(
            host.name,
            place,
            conf_of(host, self.conf),
            cast(ComputeDriver, driver),
            self._network_api(),
            glance.API(self.rest),
            self._report_client(),
            SchedulerAPI(place, self._timeout),
            ComputeTaskAPI(place, self._timeout),
        )
        return self._service(place, "compute", host.name, [manager], manager)

    def _service(
        self,
        place: Place,
        topic: str,
        host: str,
        endpoints: list[Any],
        manager: Manager | None = None,
    ) -> nova_service.Service:
        target = Target(topic, server=host)
        return nova_service.Service(
            place, self.conf, f"nova-{topic}", host, target, endpoints, manager
        )
