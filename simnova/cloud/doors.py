"""The databases and message buses of a cloud, and which of them each service gets to see."""

from __future__ import annotations

from dataclasses import replace

from simnova.cloud.layout import API_BUS, Cell, Layout
from simnova.cloud.neighbours import NEIGHBOURS
from simnova.config import Config
from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.db.databases import Databases
from simnova.kernel.clock import Clock, Service
from simnova.messaging.amqp import Broker
from simnova.messaging.rpc import Transport
from simnova.nova.cmd.manage import API_DB, CELL0_DB
from simnova.nova.context import Place

__door__ = True


class Doors:
    """What Nova's services are configured with: `[database]`, `[api_database]` and `transport_url`.

    API-level services reach every database and bus, by the cell mappings; a cell's conductor its own, and the API
    database only where upcalls are allowed; nova-compute its cell's bus and no database.
    """

    def __init__(self, clock: Clock, conf: Config, layout: Layout, url: str) -> None:
        self.clock = clock
        self.conf = conf
        self.layout = layout
        buses = dict.fromkeys([API_BUS, *(cell.bus for cell in layout.cells)])
        self.brokers = {bus: Broker(clock, bus) for bus in buses}
        self.databases = Databases(clock, url)
        for name in (API_DB, *layout.databases):
            self.databases.open(name, API if name == API_DB else CELL)
            self.databases[name].forbidden = frozenset({"nova-compute"})
        for name, neighbour in NEIGHBOURS.items():
            self.databases.open(name, neighbour.tables)

    @property
    def broker(self) -> Broker:
        """The bus of the API level."""
        return self.brokers[API_BUS]

    def place(self, life: Service) -> Place:
        """Where an API-level service stands: it reaches every database and bus."""
        return self._on(life, self.broker, self.onlooker())

    def cell_place(self, life: Service, cell: Cell, upcalls: bool) -> Place:
        """Where a cell's conductor stands; with upcalls it reaches as much as an API-level service."""
        own = self.databases[cell.database]
        above = replace(self.onlooker(), cell_database=own)
        alone = Place(self.clock, cell_database=own, databases={cell.connection: own})
        return self._on(life, self.brokers[cell.bus], above if upcalls else alone)

    def compute_place(self, life: Service, cell: Cell, direct: bool = False) -> Place:
        """Where nova-compute stands: on its cell's bus; with `direct`, as before Grizzly, at its database, too."""
        place = Place(self.clock)
        if direct:
            own = self.databases[cell.database]
            own.forbidden = frozenset()
            place = Place(self.clock, cell_database=own, databases={cell.connection: own})
        return self._on(life, self.brokers[cell.bus], place)

    def onlooker(self) -> Place:
        """Where someone stands who is on no bus, and sees every database."""
        return Place(
            self.clock,
            api_database=self.databases[API_DB],
            cell_database=self.databases[self._home],
            databases={f"sqlite:///{name}": self.databases[name] for name in self.layout.databases},
        )

    @property
    def _home(self) -> str:
        """The cell database that API-level services are configured with; cell0's where cells are split off."""
        return CELL0_DB if self.layout.split else self.layout.cells[0].database

    def _on(self, life: Service, broker: Broker, place: Place) -> Place:
        """The place on a bus, from which the other buses can be reached where a cell mapping names them."""
        own = self._transport(broker, life)
        open_buses = {broker.name: own}

        def connect(url: str) -> Transport | None:
            bus = self._bus(url)
            if bus is not None and bus not in open_buses:
                open_buses[bus] = self._transport(self.brokers[bus], life)
            return None if bus is None else open_buses[bus]

        return replace(place, transport=own, connect=connect)

    def _transport(self, broker: Broker, life: Service) -> Transport:
        durable = bool(self.conf.oslo_messaging_rabbit.amqp_durable_queues)
        return Transport(broker, life, durable)

    def _bus(self, url: str) -> str | None:
        urls = {cell.transport_url: cell.bus for cell in self.layout.cells}
        return urls.get(url)
