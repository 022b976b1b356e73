"""A scheduler and a Placement over the rows of a scenario, and what is seen of them while they decide."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simnova.config import Config
from simnova.exceptions import UsageError
from simnova.kernel.chance import Among, Between, draw
from simnova.kernel.clock import Clock
from simnova.kernel.journal import Event
from simnova.messaging.rest import HTTP_REQUEST, Rest
from simnova.nova.cmd.manage import API_DB, CELL1_DB
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.decision import WEIGH
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.hosts import Hosts
from simnova.nova.scheduler.manager import SchedulerManager
from simnova.placement.app import Placement
from simnova.scenario.objects import PROJECT, USER
from simnova.scenario.rows import DATABASE
from simnova.scenario.stage import PLACEMENT_DB, Stage

if TYPE_CHECKING:
    from simnova.scenario.play import Played


class Watched(HostManager):
    """The scheduler's host manager; whom Placement and, for the first server, the filters left is noted."""

    played: Played

    async def get_host_states_by_uuids(
        self, context: RequestContext, compute_uuids: list[str] | None, spec_obj: RequestSpec
    ) -> Hosts:
        """Those of the host manager; they are the candidates."""
        found = await super().get_host_states_by_uuids(context, compute_uuids, spec_obj)
        self.played.candidates = [host.host for host in found.seen]
        return found

    def get_filtered_hosts(self, hosts: Any, spec_obj: RequestSpec, index: int = 0) -> Any:
        """Have the filters asked; whom they leave for the first server has passed."""
        found = super().get_filtered_hosts(hosts, spec_obj, index)
        if index == 0:
            self.played.passed = [host.host for host in (hosts if found is None else found)]
        return found


def _at_once(stream: tuple[str, ...], among: Among, rng: random.Random) -> Any:
    return 0.0 if isinstance(among, Between) else draw(stream, among, rng)


class Theatre:
    """A scheduler that is up, and its Placement."""

    def __init__(
        self,
        on: Stage,
        conf: Config,
        played: Played,
        filters: Sequence[Any],
        weighers: Sequence[Any],
    ) -> None:
        self.clock = Clock()
        self.clock.chooser = _at_once
        self.played = played
        databases = on.databases(self.clock)
        rest = Rest(self.clock)
        placement = Placement(self.clock, databases[PLACEMENT_DB])
        rest.serve(self.clock.start("placement"), placement)
        cell = databases[CELL1_DB]
        self.place = Place(
            self.clock,
            api_database=databases[API_DB],
            cell_database=cell,
            databases={DATABASE: cell},
        )
        host_manager = Watched(self.place, conf, filters, weighers)
        host_manager.played = played
        client = SchedulerReportClient(rest) if conf.uses_placement else None
        self.manager = SchedulerManager(self.place, conf, client, host_manager)

    def select(self, spec: RequestSpec, uuids: list[str]) -> Exception | None:
        """Ask for destinations, and note what was seen; returns what the scheduler raised."""
        work = self._select(spec, uuids)
        task = self.clock.spawn(work, service=self.clock.start("nova-scheduler"))
        while task.is_alive:
            self.clock.step()
        self._read(list(self.clock.journal))
        return task.outcome if isinstance(task.outcome, Exception) else None

    async def _select(self, spec: RequestSpec, uuids: list[str]) -> Exception | None:
        context = RequestContext(user_id=USER, project_id=PROJECT, place=self.place)
        try:
            await self.manager.init_host()
            found = await self.manager.select_destinations(
                context, spec, uuids, return_alternates=True
            )
        except UsageError:
            raise
        except Exception as error:
            return error
        self.played.selections = [[one.service_host for one in server] for server in found]
        return None

    def _read(self, events: list[Event]) -> None:
        """What the journal has of the first server; a host that was left alone was not weighed."""
        played = self.played
        weighed = next((event.data for event in events if event.kind == WEIGH), None)
        if weighed is not None:
            played.weights, played.weighers = weighed["weights"], weighed["weighers"]
        elif len(played.passed) == 1:
            played.weights = {played.passed[0]: 0.0}
        played.query = next((event.data["query"] for event in events if _asks(event)), None)


def _asks(event: Event) -> bool:
    return event.kind == HTTP_REQUEST and event.data.get("path") == "/allocation_candidates"
