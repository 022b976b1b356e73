"""A whole OpenStack Nova in one object."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, Self

from simnova import arguments
from simnova.cloud import checks
from simnova.cloud.about import about
from simnova.cloud.accidents import Accidents
from simnova.cloud.aggregates import Aggregates
from simnova.cloud.asking import server_body
from simnova.cloud.assembly import Assembly
from simnova.cloud.bootstrap import set_up
from simnova.cloud.cells import Cells
from simnova.cloud.client import Client
from simnova.cloud.code import Code, code
from simnova.cloud.collection import Item
from simnova.cloud.costs import as_costs, charge
from simnova.cloud.flavors import Flavors
from simnova.cloud.groups import Groups
from simnova.cloud.hearing import Hearing
from simnova.cloud.hosts import Host, as_hosts
from simnova.cloud.keypairs import Keypairs
from simnova.cloud.managers import Managers
from simnova.cloud.quotas import Quotas
from simnova.cloud.reach import Captures
from simnova.cloud.server import Call, Server
from simnova.cloud.services import Services
from simnova.cloud.stock import Images, Networks, Servers
from simnova.cloud.upkeep import Upkeep
from simnova.cloud.views import Views
from simnova.config import Config
from simnova.kernel import timeline
from simnova.kernel.choices import Choices
from simnova.kernel.clock import Clock
from simnova.kernel.collector import Seldom
from simnova.kernel.faults import Faults
from simnova.kernel.journal import Journal, Level
from simnova.kernel.patience import Stop
from simnova.kernel.realtime import Measured
from simnova.kernel.timeline import Comparer, Rest, Timeline
from simnova.messaging.losses import Losses
from simnova.observe.index import step

__door__ = True


class _Original(NamedTuple):
    """What a fork needs of the cloud it comes from, before its first event."""

    run_id: str
    measured: list[Measured]
    stops: dict[int, Stop]
    comparer: Comparer

    def lead(self, clock: Clock) -> None:
        """Have all go as it went there, and be compared."""
        clock.real.replay(self.measured)
        clock.patience.replay(self.stops)
        clock.journal.after.append(self.comparer)


class Cloud(Captures, Hearing, Upkeep, Views, Accidents):
    """API, message queue, scheduler, conductor, compute nodes, databases, and the neighbours that Nova needs.

    `hosts` is a number, or a list of names and `Host`; `cells` splits them, in this order, into so many cells with a
    message bus, a database and a conductor of their own (None: one cell, on the bus of all services). The same `seed`
    gives the same run, to the last event. `config` holds Nova's options. `filters` and `weighers` are added to those
    that the options name: names, or classes of your own (with `config={"enabled_filters": []}` yours are the only
    ones). `managers` are classes of your own, derived from Nova's, in the place of a service's: `{"nova-compute":
    MyComputeManager}`. `choices` are what a search has found (`found.choices`): what is to go otherwise than by
    chance. `level="summary"` keeps no payloads. `costs` is how long work takes a process: seconds for each "request",
    "transaction" and, in it, "database", or "measured" (real Nova's); without it services compute in no time.
    `database` is `sqlite://` (in memory) or `sqlite:///PATH`. A class of yours that takes more than `plug_in_seconds`
    of CPU for one question is stopped (None: never, but by Jupyter's interrupt), and its request fails.

    What it holds, each with its names, a table, and most with `create`: `flavors`, `images`, `networks`, `aggregates`,
    `groups` (of servers), `cells`, `services`, `servers`, `quotas`, `keypairs`, as in
    `cloud.flavors["m1.small"].vcpus`.

    The constructor brings the services up, and warns of one that cannot start (its hypervisor does not answer): the
    others go on. `run()` goes on until nobody works, `step()` to the next event.
    """

    @arguments.named
    def __init__(
        self,
        hosts: int | Iterable[Host | str] = 3,
        *,
        cells: int | None = None,
        config: Config | Mapping[str, Any] | None = None,
        seed: int = 0,
        filters: list[Any] | None = None,
        weighers: list[Any] | None = None,
        managers: Mapping[str, Any] | None = None,
        level: Level = "full",
        costs: Mapping[str, float] | Literal["measured"] | None = None,
        database: str = "sqlite://",
        plug_in_seconds: float | None = 60.0,
        choices: Mapping[str, Any] | None = None,
        _original: _Original | None = None,
    ) -> None:
        conf = checks.as_config(config)
        checks.check_choices(seed, level)
        checks.check_plug_ins("filters", filters)
        checks.check_plug_ins("weighers", weighers)
        checks.check_seconds(plug_in_seconds)
        checks.check_chosen(choices)
        self._recipe: dict[str, Any] = {
            "hosts": as_hosts(hosts),
            "cells": cells,
            "config": conf.as_dict(),
            "seed": seed,
            "filters": filters,
            "weighers": weighers,
            "managers": managers,
            "level": level,
            "costs": as_costs(costs),
            "plug_in_seconds": plug_in_seconds,
            "choices": choices,
        }
        self.conf = Config(**conf.as_dict())
        self.clock = Clock(seed, level)
        self.clock.patience.seconds = plug_in_seconds
        charge(self.clock, self._recipe["costs"])
        self.journal: Journal = self.clock.journal
        self.timeline = Timeline(self.journal)
        self.faults = Faults(self.clock)
        self._owner: int | None = None
        self.closed = False
        self._run_id = _original.run_id if _original else secrets.token_hex(8)
        if _original is not None:
            _original.lead(self.clock)
        self.assembly = Assembly(
            self.clock,
            self.conf,
            self._recipe["hosts"],
            database,
            self._run_id,
            filters,
            weighers,
            cells,
            Managers(managers),
        )
        self.journal.about = about(self._recipe)
        self.assembly.listen(self._heard, self._answer_guest)
        self._hold()
        self._client = Client(self.assembly.rest, self.clock.start("client", background=True))
        self._set_up()
        self.choices = None if choices is None else self._decided(choices)
        for name, reason in self.assembly.failures.items():
            if _original is None:
                warnings.warn(f"{name} did not start: {reason}", stacklevel=3)

    def _hold(self) -> None:
        """What is looked up by names."""
        self.servers, self.flavors = Servers(self), Flavors(self)
        self.images, self.networks = Images(self), Networks(self)
        self.aggregates, self.services = Aggregates(self), Services(self)
        self.cells = Cells(self)
        self.groups, self.keypairs, self.quotas = Groups(self), Keypairs(self), Quotas(self)

    def _set_up(self) -> None:
        try:
            with Seldom():
                set_up(self.assembly, self._client)
        except BaseException:
            self.close()
            raise

    def _decided(self, choices: Mapping[str, Any]) -> Choices:
        made = Choices(self.clock, choices)
        for broker in self.assembly.brokers.values():
            broker.interceptors.append(Losses(self.faults))
        return made

    # --- using it ---------------------------------------------------------------------------------------------

    def boot(self, name: str = "server", **request: Any) -> Server:
        """Ask for a server and run until the API has answered 202; the server is still BUILD then.

        Takes what `submit` takes. Raises `Refused` where the API says no, `UsageError` for an unknown name.
        """
        call = self.submit(name, **request)
        self._until_answered(call)
        return call.server

    def submit(
        self,
        name: str = "server",
        *,
        flavor: str | Item = "m1.small",
        image: str | Item = "cirros",
        network: str | Item | None = None,
        count: int = 1,
        host: str | None = None,
        **more: Any,
    ) -> Call:
        """Send the request for a server and return at once, for stepping: it is on the wire, nobody has it yet.

        `flavor`, `image`, `network`, `group` (a server group) are names, or what `cloud.flavors[…]` and the like
        give; `count` servers in one request. `host` and `node` are where it must run: past all filters, or, with
        `forced=False`, if they let it. `hints` are the scheduler hints, `user="demo"` asks as one who is no
        administrator. What else is given goes into the body of `POST /v2.1/servers` (`metadata`, `user_data` …).
        """
        who = {"user": more.pop("user")} if "user" in more else {}
        names = {"flavor": flavor, "image": image, "network": network, "host": host}
        body = server_body(self, {"name": name, "count": count, **names, **more})
        return self.send("POST", "/v2.1/servers", body, **who)

    def send(
        self, method: str, path: str, body: Any = None, *, service: str = "nova-api", **headers: str
    ) -> Call:
        """Send any request to any service's API and return at once; the answer comes when the cloud has run.

        `user="demo"` asks as one who is no administrator; other names are headers (`openstack_api_version=…`).
        """
        checks.check_service(service, self.assembly.served)
        body = checks.as_body(body)
        if "user" in headers and not self.closed:
            checks.check_user(headers["user"], self.assembly.users)
        request = {"service": service, "method": method, "path": path, "body": body, **headers}
        call: Call = self._input("request", **request)
        return call

    def request(
        self, method: str, path: str, body: Any = None, *, service: str = "nova-api", **headers: str
    ) -> Any:
        """Send a request, run until it is answered, and return the body; raises what the API says."""
        call = self.send(method, path, body, service=service, **headers)
        self._until_answered(call)
        return call.result().body

    # --- time travel ------------------------------------------------------------------------------------------

    def fork(self, at: int | None = None, *, later: bool = False) -> Cloud:
        """A live cloud that has gone the same way up to event `at` (by default: to here), to go on with a change.

        With `later` it is asked again what this one was asked after that, at the same times and as far as it still
        makes sense, while it runs. The recorded inputs are replayed and every event is compared; `ReplayDiverged` names
        the first difference. A real hypervisor is not touched: its answers come from the recording, and after the fork
        its hosts are simulated.
        """
        seq = len(self.journal) - 1 if at is None else step(self.journal, at)
        steps = self.clock.steps if at is None else 0
        twin, comparer = self._from_the_start()
        timeline.replay(twin.clock, comparer, self.timeline.inputs, seq, twin._again)
        timeline.go_on(twin.clock, comparer, steps)
        if later:
            dues = twin._later(self, twin._once_more)
            twin.clock.rest = Rest(twin.clock, comparer, dues, twin._wait).give
        else:
            twin.journal.after.remove(comparer)
        twin.clock.patience.replay({})
        twin.assembly.simulate_real_hosts()
        return twin

    def _from_the_start(self) -> tuple[Cloud, Comparer]:
        """A twin before anything was asked of it, and who holds its events against this cloud's."""
        comparer = Comparer(self.journal)
        stops = self.clock.patience.stops
        original = _Original(self._run_id, self.clock.real.measured, stops, comparer)
        return Cloud(**self._recipe, _original=original), comparer

    def code(self, at: int | None = None, **shown: Any) -> Code:
        """The Python that makes this run again as far as to event `at` (by default: to here), to copy into a cell.

        Every call is tried on a twin, and stands there only if it does the same; what has none is in `notes` and in a
        comment. With `at` the cell opens the player there, as `shown` says (`view="cloud"`).
        """
        return code(self, at, shown)

    # --- what is asked of it -------------------------------------------------------------------------------------

    def _do_request(self, **request: Any) -> Call:
        request_id = f"req-{self.clock.uuid('request')}"
        call = Call(self, request_id)
        cause = len(self.journal) - 1
        self.clock.spawn(
            self._ask(call, **request),
            service=self._client.service,
            cause=cause,
            request_id=request_id,
        )
        self.clock.begin()
        return call

    async def _ask(self, call: Call, **request: Any) -> None:
        try:
            call.answer = await self._client.request(**request)
        except Exception as error:
            call.error = error

    def _do_advance(self, seconds: float) -> Any:
        return self.clock.after(seconds, lambda: None, background=True)

    # --- the end ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Remove what was made on real hypervisors, and give the databases up."""
        self.closed = True
        self.clock.close()
        self.assembly.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
