"""How the parts of a cloud are put together: who gets which door, and what a service's start consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from simnova.cloud.drivers import load_compute_driver, simulated_driver
from simnova.cloud.equipment import conf_of
from simnova.cloud.hosts import Host
from simnova.config import Config
from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.db.databases import Databases
from simnova.exceptions import NovaError, UsageError, unknown
from simnova.glance.app import Glance
from simnova.glance.schema import METADATA as GLANCE
from simnova.kernel.clock import Clock, Service, Task
from simnova.keystone.app import Keystone
from simnova.keystone.schema import METADATA as KEYSTONE
from simnova.messaging.amqp import Broker
from simnova.messaging.rest import App, Rest
from simnova.messaging.rpc import Target, Transport
from simnova.neutron.app import Neutron
from simnova.neutron.schema import METADATA as NEUTRON
from simnova.nova import service as nova_service
from simnova.nova import servicegroup
from simnova.nova.api.app import ComputeApp
from simnova.nova.api.auth import Auth
from simnova.nova.cmd.manage import API_DB, CELL0_DB, CELL1_DB, TRANSPORT_URL
from simnova.nova.compute import api as compute
from simnova.nova.compute.api.aggregate import AggregateAPI
from simnova.nova.compute.api.host import HostAPI
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.compute.rpcapi import ComputeAPI
from simnova.nova.conductor.compute_task import ComputeTaskManager
from simnova.nova.conductor.manager import ConductorManager
from simnova.nova.conductor.rpcapi import ComputeTaskAPI, ConductorAPI
from simnova.nova.console.websocketproxy import PROXIES, WebSocketProxy
from simnova.nova.context import Place
from simnova.nova.image import glance
from simnova.nova.log import Logger
from simnova.nova.manager import Manager
from simnova.nova.network import neutron
from simnova.nova.scheduler.client.no_placement import NoPlacement
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.manager import SchedulerManager
from simnova.nova.scheduler.rpcapi import SchedulerAPI
from simnova.nova.virt.driver import ComputeDriver
from simnova.nova.virt.simulated import SimulatedDriver
from simnova.nova.virt.stepped import SteppedDriver
from simnova.nova.virt.watched import WatchedDriver
from simnova.placement.app import Placement
from simnova.placement.schema import METADATA as PLACEMENT

__door__ = True

LOG = Logger("nova")

SCHEDULER = "nova-scheduler"
CONTROLLER = "controller"
"""The host on which the control services run."""


class Assembly:
    """One cloud's machinery: its databases, its broker, its HTTP network, its hypervisors, and its running services."""

    def __init__(
        self,
        clock: Clock,
        conf: Config,
        hosts: list[Host],
        database: str,
        run_id: str,
        filters: list[Any] | None = None,
        weighers: list[Any] | None = None,
    ) -> None:
        self.clock = clock
        self.conf = conf
        self.hosts = {host.name: host for host in hosts}
        self.rest = Rest(clock)
        self.broker = Broker(clock)
        self.databases = Databases(clock, database)
        for name, metadata in _databases().items():
            self.databases.open(name, metadata)
        for name in (API_DB, CELL0_DB, CELL1_DB):
            self.databases[name].forbidden = frozenset({"nova-compute"})
        self.drivers: dict[str, WatchedDriver] = {
            host.name: WatchedDriver(
                clock, load_compute_driver(clock, host, glance.API(self.rest), run_id)
            )
            for host in hosts
        }
        for door in self.drivers.values():
            door.driver.join(conf, self.drivers)
        self.running: dict[str, Service] = {}
        self.failures: dict[str, str] = {}
        self.filters, self.weighers = filters or [], weighers or []
        self._apps: dict[str, App] = {}

    # --- starting ---------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Every service, in the order in which they start; the proxies of consoles start when one is needed."""
        control = [*self._neighbours, "nova-conductor", *self._schedulers, "nova-api"]
        return control + [f"nova-compute@{host}" for host in self.hosts]

    @property
    def served(self) -> list[str]:
        """Every service that can be asked over HTTP."""
        return ["nova-api", *_NEIGHBOURS, *PROXIES]

    @property
    def _schedulers(self) -> list[str]:
        """One for each of `[scheduler] workers`: processes of one service, with one row, on one topic."""
        workers = self.conf.scheduler.workers or 1
        more = [f"{SCHEDULER}:{number}" for number in range(2, workers + 1)]
        return [SCHEDULER, *more]

    @property
    def users(self) -> list[str]:
        """The names of Keystone's users."""
        return [str(row[0]) for row in self.databases.sql("SELECT name FROM keystone.user").rows]

    @property
    def _neighbours(self) -> list[str]:
        absent = set() if self.conf.uses_placement else {"placement"}
        return [name for name in _NEIGHBOURS if name not in absent]

    def start(self, name: str, background: bool | None = None) -> Task | None:
        """Begin a new life of a service; the task that brings a Nova service up, where there is one."""
        known = [*self.names, *PROXIES]
        if name not in known:
            raise unknown("service", name, known)
        life = self.running[name] = self.clock.start(name, background)
        if name in _NEIGHBOURS or name in PROXIES or name == "nova-api":
            self.rest.serve(life, self._app(life))
            return None
        return self.clock.spawn(
            self._start_or_fail(life, self._maker(name)), service=life, background=background
        )

    def _maker(self, name: str) -> Callable[[Service], nova_service.Service]:
        if name == "nova-conductor":
            return self._conductor
        return self._scheduler if name in self._schedulers else self._compute

    async def _start_or_fail(
        self, life: Service, make: Callable[[Service], nova_service.Service]
    ) -> None:
        """A service that cannot start ends, as its process would; the cloud goes on without it."""
        self.failures.pop(life.name, None)
        try:
            await make(life).start()
        except NovaError as error:
            LOG.critical("Unhandled error: %s: %s", type(error).__name__, error)
            self.failures[life.name] = str(error)
            self.clock.stop(life)

    def _app(self, life: Service) -> App:
        """What a service answers over HTTP; Nova's keep nothing between their lives, the others do."""
        if life.name == "nova-api":
            return self._compute_app(life)
        if life.name in PROXIES:
            place = self.place(life)
            return WebSocketProxy(place, ComputeAPI(place, float(self.conf.rpc_response_timeout)))
        if life.name not in self._apps:
            make = _NEIGHBOURS[life.name]
            self._apps[life.name] = make(self.clock, self.databases[life.name])
        return self._apps[life.name]

    # --- hypervisors ------------------------------------------------------------------------------------------

    def simulated(self, host: str) -> SimulatedDriver:
        """The simulated driver of a host; raises UsageError where the host is a real one."""
        driver = self.drivers[host].driver
        if not isinstance(driver, SimulatedDriver):
            raise UsageError(
                f"{host} has a real hypervisor ({self.hosts[host].driver}): only simulated ones fail on demand"
            )
        return driver

    def simulate_real_hosts(self) -> None:
        """Put a simulated driver, with the same guests, in the place of every real one."""
        for host in self.hosts.values():
            door, driver = self.drivers[host.name], self.drivers[host.name].driver
            if not isinstance(driver, SimulatedDriver):
                twin = simulated_driver(self.clock, host, glance.API(self.rest))
                twin.join(self.conf, self.drivers)
                _hand_over(driver, twin)
                door.driver = twin

    def close(self) -> None:
        """Remove what was made on hypervisors, and give the databases up."""
        for door in self.drivers.values():
            door.driver.close()
        self.databases.close()

    # --- Nova's services --------------------------------------------------------------------------------------

    def place(self, life: Service) -> Place:
        """Where a control service stands: it reaches every database and bus."""
        transport = Transport(self.broker, life)
        return replace(self.onlooker(), transport=transport, buses={TRANSPORT_URL: transport})

    def onlooker(self) -> Place:
        """Where someone stands who only looks into the databases: on no bus."""
        return Place(
            self.clock,
            api_database=self.databases[API_DB],
            cell_database=self.databases[CELL1_DB],
            databases={f"sqlite:///{name}": self.databases[name] for name in (CELL0_DB, CELL1_DB)},
        )

    def _report_client(self) -> SchedulerReportClient:
        kind = SchedulerReportClient if self.conf.uses_placement else NoPlacement
        return kind(self.rest)

    def _compute_app(self, life: Service) -> App:
        place, conf, timeout = self.place(life), self.conf, float(self.conf.rpc_response_timeout)
        long_timeout = float(conf.long_rpc_timeout)
        compute_api = compute.API(
            conf,
            servicegroup.API(conf, self.clock),
            glance.API(self.rest),
            neutron.API(self.rest),
            ComputeTaskAPI(place, timeout, long_timeout),
            ComputeAPI(place, timeout),
            self._report_client(),
        )
        host_api = HostAPI(ComputeAPI(place, timeout), servicegroup.API(conf, self.clock))
        aggregate_api = AggregateAPI(SchedulerAPI(place, timeout), self._report_client())
        return ComputeApp(Auth(self.rest, place), conf, compute_api, host_api, aggregate_api)

    def _conductor(self, life: Service) -> nova_service.Service:
        place, timeout = self.place(life), float(self.conf.rpc_response_timeout)
        tasks = ComputeTaskManager(
            self.conf,
            SchedulerAPI(place, timeout),
            ComputeAPI(place, timeout),
            self._report_client(),
            glance.API(self.rest),
        )
        return self._service(life, place, "conductor", CONTROLLER, [ConductorManager(), tasks])

    def _scheduler(self, life: Service) -> nova_service.Service:
        place = self.place(life)
        report_client = self._report_client() if self.conf.uses_placement else None
        host_manager = HostManager(place, self.conf, self.filters, self.weighers)
        manager = SchedulerManager(place, self.conf, report_client, host_manager)
        return self._service(life, place, "scheduler", CONTROLLER, [manager], manager)

    def _compute(self, life: Service) -> nova_service.Service:
        host = life.name.partition("@")[2]
        timeout = float(self.conf.rpc_response_timeout)
        transport = Transport(self.broker, life)
        place = Place(self.clock, transport, buses={TRANSPORT_URL: transport})
        place.indirection = ConductorAPI(place, timeout)
        manager = ComputeManager(
            host,
            place,
            conf_of(self.hosts[host], self.conf),
            cast(ComputeDriver, self.drivers[host]),
            neutron.API(self.rest),
            glance.API(self.rest),
            self._report_client(),
            SchedulerAPI(place, timeout),
            ComputeTaskAPI(place, timeout),
        )
        return self._service(life, place, "compute", host, [manager], manager)

    def _service(
        self,
        life: Service,
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


_NEIGHBOURS: dict[str, Callable[..., App]] = {
    "keystone": Keystone,
    "glance": Glance,
    "neutron": Neutron,
    "placement": Placement,
}


def _hand_over(real: ComputeDriver, simulated: SimulatedDriver) -> None:
    """What a real host had, as far as its driver knew it, a simulated one has from now on."""
    if isinstance(real, SteppedDriver):
        simulated.adopt(real.guests.values(), real.cache.base)


def _databases() -> dict[str, Any]:
    """The tables of each database, under Nova's and the neighbours' names."""
    return {
        API_DB: API,
        CELL0_DB: CELL,
        CELL1_DB: CELL,
        "keystone": KEYSTONE,
        "glance": GLANCE,
        "neutron": NEUTRON,
        "placement": PLACEMENT,
    }
