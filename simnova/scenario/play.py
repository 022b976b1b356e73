"""Plays a scenario: the scheduler's own `select_destinations`, over its Placement and its databases, is watched."""

from __future__ import annotations

import random
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simnova.config import Config
from simnova.exceptions import NovaError
from simnova.kernel.chance import Among, Between, draw
from simnova.kernel.clock import Clock
from simnova.kernel.journal import Event
from simnova.messaging.rest import HTTP_REQUEST, Rest
from simnova.nova import exception
from simnova.nova.cmd.manage import API_DB, CELL1_DB
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.decision import WEIGH
from simnova.nova.scheduler.host_manager import HostManager
from simnova.nova.scheduler.host_state import HostState
from simnova.nova.scheduler.manager import SchedulerManager
from simnova.placement.app import Placement
from simnova.scenario import judged, objects
from simnova.scenario.providers import placement_rows
from simnova.scenario.rows import DATABASE, api_rows, cell_rows
from simnova.scenario.stage import PLACEMENT_DB, Stage, stage

if TYPE_CHECKING:
    from simnova.scenario.scenario import Scenario


@dataclass
class Played:
    """What was seen: host names in the order in which they came, verdicts, weights, selections or an error."""

    name: str
    enabled_filters: list[str]
    verdicts: dict[str, dict[str, judged.Verdict]] = field(default_factory=dict)
    """By host and filter, before anything was chosen."""
    candidates: list[str] = field(default_factory=list)
    """The hosts that Placement left for the first server."""
    passed: list[str] = field(default_factory=list)
    """Those of them that the filters left."""
    weights: dict[str, float] = field(default_factory=dict)
    """Those with their weights, heaviest first."""
    weighers: list[dict[str, Any]] = field(default_factory=list)
    """What each weigher said, as the journal has it; nothing where one host alone was left."""
    query: str | None = None
    selections: list[list[str]] | None = None
    error: str | None = None


def play(scenario: Scenario, filters: Sequence[Any] = (), weighers: Sequence[Any] = ()) -> Played:
    """Let the scheduler decide; see `Scenario.answer`. Time stands still: what crosses a network takes none."""
    conf = objects.config(scenario)
    enabled = [*conf.filter_scheduler.enabled_filters, *filters]
    played = Played(scenario.name, [_name(one) for one in enabled])
    unknown = [name for name in played.enabled_filters if _is_unknown(name, enabled)]
    if unknown:
        played.error = str(exception.SchedulerHostFilterNotFound(filter_name=", ".join(unknown)))
        return played
    try:
        spec = objects.request_spec(scenario, conf)
    except Exception as error:
        played.error = _said(error)
        return played
    with stage() as found:
        found.fill(
            {
                API_DB: api_rows(scenario),
                CELL1_DB: cell_rows(scenario),
                PLACEMENT_DB: placement_rows(scenario),
            }
        )
        _Theatre(found, conf, played, filters, weighers).run(spec, objects.server_uuids(scenario))
    return played


def _name(one: Any) -> str:
    if isinstance(one, str):
        return one.rpartition(".")[2]
    return one.__name__ if isinstance(one, type) else type(one).__name__


def _is_unknown(name: str, enabled: Iterable[Any]) -> bool:
    own = {_name(one) for one in enabled if not isinstance(one, str)}
    return name not in own and name not in judged.known_filters()


class _Watched(HostManager):
    """The scheduler's host manager; whom Placement and, for the first server, the filters left is noted."""

    played: Played

    async def get_host_states_by_uuids(
        self, context: RequestContext, compute_uuids: list[str] | None, spec_obj: RequestSpec
    ) -> list[HostState]:
        found = await super().get_host_states_by_uuids(context, compute_uuids, spec_obj)
        self.played.candidates = [host.host for host in found]
        return found

    def get_filtered_hosts(self, hosts: Any, spec_obj: RequestSpec, index: int = 0) -> Any:
        found = super().get_filtered_hosts(hosts, spec_obj, index)
        if index == 0:
            self.played.passed = [host.host for host in (hosts if found is None else found)]
        return found


def _at_once(stream: tuple[str, ...], among: Among, rng: random.Random) -> Any:
    return 0.0 if isinstance(among, Between) else draw(stream, among, rng)


class _Theatre:
    """A scheduler and a Placement on a stage."""

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
        self.life = self.clock.start("nova-scheduler")
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
        self.conf, self.played, self.filters = conf, played, filters
        self.host_manager = _Watched(self.place, conf, filters, weighers)
        self.host_manager.played = Played("", [])
        client = SchedulerReportClient(rest) if conf.uses_placement else None
        self.manager = SchedulerManager(self.place, conf, client, self.host_manager)

    def run(self, spec: RequestSpec, uuids: list[str]) -> None:
        """Ask the filters, then for destinations; all of it is noted in `played`."""
        self._do(self._judge(spec))
        self.host_manager.played = self.played
        if self.played.error is None:
            self._do(self._select(spec, uuids))
        self._read(list(self.clock.journal))

    def _read(self, events: list[Event]) -> None:
        """What the journal has of the first server; a host that was left alone was not weighed."""
        played = self.played
        weighed = next((event.data for event in events if event.kind == WEIGH), None)
        if weighed is not None:
            played.weights, played.weighers = weighed["weights"], weighed["weighers"]
        elif len(played.passed) == 1:
            played.weights = {played.passed[0]: 0.0}
        played.query = next((event.data["query"] for event in events if _asks(event)), None)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something as the scheduler; what it raises is the answer's error."""
        task = self.clock.spawn(self._tried(work), service=self.life)
        while task.is_alive:
            self.clock.step()

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self.played.error = _said(error)

    def _context(self) -> RequestContext:
        return RequestContext(user_id=objects.USER, project_id=objects.PROJECT, place=self.place)

    async def _judge(self, spec: RequestSpec) -> None:
        await self.manager.init_host()
        context = self._context().elevated()
        hosts = await self.host_manager.get_host_states_by_uuids(context, None, spec)
        asked = [*judged.current_filters(), *self.played.enabled_filters]
        named = [name for name in dict.fromkeys(asked) if name in judged.known_filters()]
        self.played.verdicts = judged.verdicts(
            [*named, *self.filters], self.conf, self.clock, hosts, spec
        )

    async def _select(self, spec: RequestSpec, uuids: list[str]) -> None:
        found = await self.manager.select_destinations(
            self._context(), spec, uuids, return_alternates=True
        )
        self.played.selections = [[one.service_host for one in server] for server in found]


def _said(error: Exception) -> str:
    """Nova's own errors in its words; what broke in it as recordings have exceptions."""
    return error.format_message() if isinstance(error, NovaError) else judged.exception(error)


def _asks(event: Event) -> bool:
    return event.kind == HTTP_REQUEST and event.data.get("path") == "/allocation_candidates"
