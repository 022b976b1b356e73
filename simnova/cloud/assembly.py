"""How the parts of a cloud are put together, and what a service's start consists of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from simnova.cloud.doors import Doors
from simnova.cloud.drivers import check_hypervisors, load_compute_driver, simulated_driver
from simnova.cloud.hosts import Host
from simnova.cloud.layout import CONDUCTOR, Layout
from simnova.cloud.managers import Managers
from simnova.cloud.neighbours import NEIGHBOURS
from simnova.cloud.processes import Processes
from simnova.config import Config
from simnova.exceptions import NovaError, UsageError, unknown
from simnova.glance.app import Glance
from simnova.kernel.clock import Clock, Service, Task
from simnova.messaging.rest import App, Rest, address
from simnova.nova import service as nova_service
from simnova.nova.console.websocketproxy import PROXIES
from simnova.nova.image import glance
from simnova.nova.log import Logger
from simnova.nova.manager import Manager
from simnova.nova.network import neutron
from simnova.nova.virt.driver import ComputeDriver
from simnova.nova.virt.event import Asked, News
from simnova.nova.virt.simulated import SimulatedDriver
from simnova.nova.virt.stepped import SteppedDriver
from simnova.nova.virt.watched import WatchedDriver

__door__ = True

LOG = Logger("nova")

API, SCHEDULER, COMPUTE = "nova-api", "nova-scheduler", "nova-compute"
METADATA = "nova-api-metadata"


class Assembly:
    """One cloud's machinery: its doors to databases and buses, its HTTP network, its hypervisors, its services.

    `hosts` are those of all cells; with `cells` each has a bus and a database of its own.
    """

    def __init__(
        self,
        clock: Clock,
        conf: Config,
        hosts: list[Host],
        database: str,
        run_id: str,
        filters: list[Any] | None = None,
        weighers: list[Any] | None = None,
        cells: int | None = None,
        managers: Managers | None = None,
    ) -> None:
        self.clock = clock
        self.conf = conf
        self.layout = Layout.of(hosts, cells)
        self.hosts = {host.name: host for host in self.layout.spread(hosts)}
        check_hypervisors(self.hosts.values())
        self.rest = Rest(clock)
        self.doors = Doors(clock, conf, self.layout, database)
        self.broker, self.brokers = self.doors.broker, self.doors.brokers
        self.databases = self.doors.databases
        self.place, self.onlooker = self.doors.place, self.doors.onlooker
        self.processes = Processes(
            clock, conf, self.rest, self.doors, filters or [], weighers or [], managers
        )
        self.drivers: dict[str, WatchedDriver] = {}
        self._run_id = run_id
        self._news: News | None = None
        self._asked: Asked | None = None
        for host in self.hosts.values():
            self._install(host)
        for door in self.drivers.values():
            self._join(door.driver)
        self.running: dict[str, Service] = {}
        self.failures: dict[str, str] = {}
        self.daemons: dict[str, nova_service.Service] = {}
        self._apps: dict[str, App] = {}

    def listen(self, news: News, asked: Asked) -> None:
        """Who is told what real guests do beside Nova, and who answers what they ask, on every host."""
        self._news, self._asked = news, asked
        for door in self.drivers.values():
            door.driver.news, door.driver.asked = news, asked

    def add(self, host: Host) -> None:
        """A host more, whose nova-compute starts. Raises UsageError where another has its hypervisor already."""
        check_hypervisors([*self.hosts.values(), host])
        self.hosts[host.name] = host
        self._install(host)
        self._join(self.drivers[host.name].driver)
        driver = self.drivers[host.name].driver
        driver.news, driver.asked = self._news, self._asked
        self.start(f"{COMPUTE}@{host.name}", background=False)

    def _install(self, host: Host) -> None:
        driver = load_compute_driver(self.clock, host, glance.API(self.rest), self._run_id)
        self.drivers[host.name] = WatchedDriver(self.clock, driver)

    def _join(self, driver: ComputeDriver) -> None:
        driver.join(self.conf, self.drivers, neutron.API(self.rest, self.conf.neutron.http_retries))

    # --- starting ---------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Every service, in the order in which they start; `startable` has more, which start when one is needed."""
        control = [*self._neighbours, *self._conductors, *self._schedulers, *self._apis]
        return control + [f"{COMPUTE}@{host}" for host in self.hosts]

    @property
    def startable(self) -> list[str]:
        """All those, the metadata service, and the proxies of consoles."""
        return [*self.names, METADATA, *self.layout.at_cells(PROXIES)]

    @property
    def served(self) -> list[str]:
        """Every service that can be asked over HTTP."""
        return [API, METADATA, *NEIGHBOURS, *self.layout.at_cells(PROXIES)]

    @property
    def _conductors(self) -> list[str]:
        """Those of the API level, and those of each cell that is split off."""
        services = dict.fromkeys([CONDUCTOR, *(cell.conductor for cell in self.layout.cells)])
        return [one for name in services for one in _workers(name, self.conf.conductor.workers)]

    @property
    def _schedulers(self) -> list[str]:
        return _workers(SCHEDULER, self.conf.scheduler.workers)

    def schedulers(self) -> list[tuple[Service, Manager]]:
        """The nova-schedulers that run, with their managers."""
        alive = [name for name in self._schedulers if self.running[name].alive]
        managers = {name: self.daemons[name].manager for name in alive if name in self.daemons}
        return [(self.running[name], one) for name, one in managers.items() if one is not None]

    @property
    def _apis(self) -> list[str]:
        return _workers(API, self.conf.osapi_compute_workers)

    @property
    def users(self) -> list[str]:
        """The names of Keystone's users."""
        return [str(row[0]) for row in self.databases.sql("SELECT name FROM keystone.user").rows]

    @property
    def _neighbours(self) -> list[str]:
        absent = set() if self.conf.uses_placement else {"placement"}
        return [name for name in NEIGHBOURS if name not in absent]

    def start(self, name: str, background: bool | None = None) -> Task | None:
        """Begin a new life of a service; the task that brings a Nova service up, where there is one."""
        if name not in self.startable:
            raise unknown("service", name, self.startable)
        life = self.running[name] = self.clock.start(name, background)
        if address(name) in self.served:
            self.rest.serve(life, self._app(life))
            return None
        return self.clock.spawn(
            self._start_or_fail(life, self._maker(name)), service=life, background=background
        )

    def stop(self, name: str, cause: int | None) -> None:
        """Have a service end: one of Nova's that has work in hand when that is done, any other at once."""
        life, daemon = self.running[name], self.daemons.get(name)
        if daemon is not None and daemon.life is life:
            daemon.stop(cause)
        else:
            self.clock.stop(life, cause=cause)

    def _maker(self, name: str) -> Callable[[Service], nova_service.Service]:
        if name in self._conductors:
            return partial(self.processes.conductor, cell=self.layout.cell_of(name))
        return self.processes.scheduler if name in self._schedulers else self._compute

    def _compute(self, life: Service) -> nova_service.Service:
        host = self.hosts[life.name.partition("@")[2]]
        cell = self.layout.cell(host.cell)
        return self.processes.compute(life, host, cell, self.drivers[host.name])

    async def _start_or_fail(
        self, life: Service, make: Callable[[Service], nova_service.Service]
    ) -> None:
        """A service that cannot start ends, as its process would; the cloud goes on without it."""
        self.failures.pop(life.name, None)
        try:
            self.daemons[life.name] = made = make(life)
            await made.start()
        except NovaError as error:
            LOG.critical("Unhandled error: %s: %s", type(error).__name__, error)
            self.failures[life.name] = str(error)
            self.clock.stop(life)

    def _app(self, life: Service) -> App:
        """What a service answers over HTTP; Nova's keep nothing between their lives, the others do."""
        if address(life.name) == API:
            return self.processes.api(life)
        if life.name == METADATA:
            return self.processes.metadata(life)
        if self.layout.service(life.name) in PROXIES:
            return self.processes.proxy(life, self.layout.cell_of(life.name))
        if life.name not in self._apps:
            make = NEIGHBOURS[life.name].app
            self._apps[life.name] = make(self.clock, self.databases[life.name])
        return self._apps[life.name]

    @property
    def glance(self) -> Glance:
        """Glance, whether it runs or not: what it keeps outlives its process."""
        found = self._apps["glance"]
        assert isinstance(found, Glance)
        return found

    # --- hypervisors ------------------------------------------------------------------------------------------

    def simulated(self, host: str) -> SimulatedDriver:
        """The simulated driver of a host; raises UsageError where the host is a real one."""
        driver = self.drivers[host].driver
        if not isinstance(driver, SimulatedDriver):
            raise UsageError(
                f"{host} has a real hypervisor ({self.hosts[host].driver}): only simulated ones fail on demand; "
                f"its daemon can be killed (machines['{host}'].kill()), its service too "
                f"(cloud.crash('nova-compute@{host}'))"
            )
        return driver

    def simulate_real_hosts(self) -> None:
        """Put a simulated driver, with the same guests, in the place of every real one."""
        for host in self.hosts.values():
            door, driver = self.drivers[host.name], self.drivers[host.name].driver
            if not isinstance(driver, SimulatedDriver):
                twin = simulated_driver(self.clock, host, glance.API(self.rest))
                self._join(twin)
                _hand_over(driver, twin)
                door.driver = twin

    def close(self) -> None:
        """Remove what was made on hypervisors, and give the databases up."""
        for door in self.drivers.values():
            door.driver.close()
        self.databases.close()


def _workers(service: str, count: int | None) -> list[str]:
    """The processes of a service: they share its row, if it has one, and its topic or its address."""
    return [service, *(f"{service}:{number}" for number in range(2, (count or 1) + 1))]


def _hand_over(real: ComputeDriver, simulated: SimulatedDriver) -> None:
    """What a real host had, as far as its driver knew it, a simulated one has from now on."""
    if isinstance(real, SteppedDriver):
        simulated.adopt(real.guests.values(), real.cache.base)
