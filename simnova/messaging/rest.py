"""The request door: how one service asks another over HTTP, in shape (requests, statuses, bodies, headers).

A request crosses as JSON text and runs as a task of its own in the serving service; the answer crosses back the same
way. Both take the network's time. A service that is down, or goes down while it serves, is a `ConnectFailure` at the
client, in keystoneauth's words (`keystoneauth1/session.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any, TypeVar
from urllib.parse import unquote

from simnova.exceptions import NovaError
from simnova.kernel.clock import Between, Clock, Expired, Service, Signal
from simnova.kernel.journal import Event, declare
from simnova.kernel.log import format_exc
from simnova.messaging.requests import Fault as Fault
from simnova.messaging.requests import Query as Query
from simnova.messaging.requests import Request as Request
from simnova.messaging.requests import Response as Response
from simnova.messaging.requests import encode as encode
from simnova.messaging.requests import query_string as query_string

__door__ = True

Handler = Callable[..., Awaitable["Response"]]
F = TypeVar("F", bound=Handler)
Table = dict[int, list[tuple[re.Pattern[str], dict[str, Handler]]]]

HTTP_REQUEST = declare("http.request", "a service asked another over HTTP", payload=("body",))
HTTP_RESPONSE = declare(
    "http.response", "the answer to an HTTP request", payload=("body", "traceback")
)
HTTP_ERROR = declare("http.error", "an HTTP request got no answer")

LATENCY = Between(0.0005, 0.002)
"""Seconds that a request, and each answer, is under way."""


GIVES_UP = 127.0
"""Seconds after which TCP gives a connection up on which nothing comes back (`tcp_syn_retries`)."""
TIMED_OUT = "[Errno 110] Connection timed out"


class ConnectFailure(NovaError):
    """Nobody answered at that address (`keystoneauth1.exceptions.ConnectFailure`)."""

    msg_fmt = "Unable to establish connection to %(url)s: %(reason)s"
    code = 503


class ConnectTimeout(ConnectFailure):
    """No answer in time (`keystoneauth1.exceptions.ConnectTimeout`)."""

    msg_fmt = "Request to %(url)s timed out"


def route(method: str, path: str) -> Callable[[F], F]:
    """Mark a handler of an `App`: `{name}` in the path becomes its argument of that name."""

    def mark(handler: F) -> F:
        vars(handler).setdefault("routes", []).append((method, path))
        return handler

    return mark


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "/?")


def _depth(path: str) -> int:
    """How many parts a path has; a slash at its end counts for nothing."""
    return path.rstrip("/").count("/")


@cache
def _routes(kind: type) -> list[tuple[str, str, str]]:
    """The handlers of a class: name, HTTP method, path."""
    found = {name: getattr(getattr(kind, name), "routes", ()) for name in dir(kind)}
    return [(name, *marked) for name, routes in found.items() for marked in routes]


def _table(parts: Iterable[object]) -> Table:
    paths: dict[str, dict[str, Handler]] = {}
    for part in parts:
        for name, method, path in _routes(type(part)):  # type: ignore[arg-type]
            paths.setdefault(path, {})[method] = getattr(part, name)
    literal_first = sorted(paths, key=lambda path: (path.count("{"), path))
    found: Table = {}
    for path in literal_first:
        found.setdefault(_depth(path), []).append((_pattern(path), paths[path]))
    return found


class App:
    """What a service answers: handlers marked with `route`, and the real service's way to word its errors."""

    controllers: Iterable[object] = ()
    """Others whose handlers it answers with, beside its own."""
    rest: Rest | None = None
    """The network that it serves on, by which it can ask others itself."""

    @cached_property
    def table(self) -> Table:
        """Every path with its handlers by method, by its depth; those without arguments first."""
        return _table([self, *self.controllers])

    async def answer(self, request: Request) -> Response:
        """Answer a request: whatever a handler raises becomes a status and a body."""
        try:
            handler, values = self.find(request)
            return await handler(request, **values)
        except Fault as fault:
            return self.fault(request, fault)
        except Exception as error:
            failed = self.failed(request, error)
            vars(failed)["traceback"] = "".join(format_exc())
            return failed

    def find(self, request: Request) -> tuple[Handler, dict[str, str]]:
        """The handler for a request and its arguments from the path; raises `Fault` 404 or 405."""
        for pattern, methods in self.table.get(_depth(request.path), ()):
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            if request.method not in methods:
                raise Fault(405, self.not_allowed, allow=", ".join(sorted(methods)))
            values = {name: unquote(value) for name, value in match.groupdict().items()}
            return methods[request.method], values
        raise Fault(404, self.not_found)

    not_found = "The resource could not be found."
    not_allowed = "The method specified is not allowed for this resource."

    def fault(self, request: Request, fault: Fault) -> Response:
        """The answer to a request that a handler refused, worded as the real service does."""
        return Response(fault.status, {"error": {"code": fault.status, "message": fault.message}})

    def failed(self, request: Request, error: Exception) -> Response:
        """The answer where a handler broke."""
        return self.fault(request, Fault(500, str(error)))


class Call:
    """One request under way: what the journal says of it, and who waits for the answer."""

    def __init__(
        self, about: dict[str, Any], request: Request, sent: Event, answered: Signal
    ) -> None:
        self.about = about
        self.request = request
        self.sent = sent
        self.answered = answered
        self.service: Service | None = None


class Rest:
    """The HTTP network of one cloud: who serves under which name, and the requests under way."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._serving: dict[str, list[tuple[Service, App]]] = {}
        self._calls: dict[Service, dict[int, Call]] = {}
        self.interceptors: list[Callable[[Call, bool], float]] = []
        self._count = 0

    def serve(self, service: Service, app: App) -> None:
        """Answer requests to the service's address with `app` for as long as the service lives.

        Processes of one service (`nova-api`, `nova-api:2`) share an address; requests go to them in turn. A process
        that serves already answers with the new app from now on.
        """
        app.rest = self
        serving = self._serving.setdefault(address(service.name), [])
        if service not in self._calls:
            self._calls[service] = {}
            service.at_end.append(lambda: self._hang_up(service))
        serving[:] = [*((one, old) for one, old in serving if one is not service), (service, app)]

    async def request(
        self,
        to: str,
        method: str,
        path: str,
        *,
        query: Query = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Ask `to` and return its answer, whatever its status; `timeout` is in seconds.

        Raises `ConnectFailure` where nobody serves or the server dies, `ConnectTimeout` after `timeout`.
        """
        call = self._send(to, method, path, query_string(query), body, headers)
        try:
            answer, event = await self._answered(call.answered, timeout)
        except Expired:
            raise self._failure(call, ConnectTimeout(url=f"http://{to}{path}")) from None
        if isinstance(answer, ConnectFailure):
            raise self._failure(call, answer)
        self._caused_by(event)
        return _received(answer)

    async def _answered(self, answered: Signal, timeout: float | None) -> Any:
        """Wait for the answer: whoever sets no limit is not at work meanwhile, the one who serves is."""
        if timeout is None:
            return await self.clock.idle(answered)
        return await self.clock.wait(answered, timeout)

    def _send(
        self,
        to: str,
        method: str,
        path: str,
        query: str,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> Call:
        self._count += 1
        text = body if isinstance(body, bytes) else encode(body)
        about = {"id": self._count, "to": to, "method": method, "path": path}
        shown = {"query": query or None, "body": _shown(text)}
        sent = self.clock.journal.record(HTTP_REQUEST, {**about, **shown})
        call = Call(about, Request(method, path, query, text, headers), sent, self.clock.signal())
        self._cross(call, False, self._arrive, call)
        return call

    def _cross(self, call: Call, reply: bool, action: Callable[..., None], *args: Any) -> None:
        """Be under way, unless a fault has it lost or late (`interceptors`)."""
        late = sum(fault(call, reply) for fault in self.interceptors)
        if late == math.inf:
            self._give_up_later(call)
            return
        to = call.sent.actor if reply else str(call.about["to"])
        self._later(call, action, *args, late=late + self.clock.network.late(to))

    def _give_up_later(self, call: Call) -> None:
        background = call.sent.background
        self.clock.after(GIVES_UP, self._refuse, call, TIMED_OUT, background=background)

    def _pass(self, call: Call, server: str, action: Callable[..., None], *args: Any) -> None:
        """Arrive where client and server reach each other; else when they do, if the client has not given up."""
        network, ends = self.clock.network, (call.sent.actor, server)
        if network.passes(*ends):
            action(*args)
        else:
            network.hold(*ends, call.sent.background, action, *args)
            self._give_up_later(call)

    def _later(
        self, call: Call, action: Callable[..., None], *args: Any, late: float = 0.0
    ) -> None:
        delay = self.clock.choose("http", call.sent.actor, call.about["to"], among=LATENCY)
        self.clock.after(delay + late, action, *args, background=call.sent.background)

    def _arrive(self, call: Call) -> None:
        serving = self._serving.get(call.about["to"])
        if not serving:
            self._later(call, self._refuse, call, "[Errno 111] Connection refused")
            return
        service, app = serving.pop(0)
        serving.append((service, app))
        self._pass(call, service.name, self._begin, call, service, app)

    def _begin(self, call: Call, service: Service, app: App) -> None:
        if not service.alive:
            self._refuse(call, "[Errno 111] Connection refused")
            return
        call.service = service
        self._calls[service][call.about["id"]] = call
        sent = call.sent
        self.clock.spawn(
            self._serve(call, app),
            service=service,
            cause=sent.seq,
            request_id=sent.request_id,
            background=sent.background,
        )

    async def _serve(self, call: Call, app: App) -> None:
        if call.service is not None:
            await self.clock.costs.request(call.service, call.about["method"])
        answer = await app.answer(call.request)
        shown = {"status": answer.status, "body": _shown(answer.text)}
        if "traceback" in vars(answer):
            shown["traceback"] = vars(answer)["traceback"]
        event = self.clock.journal.record(
            HTTP_RESPONSE, {**call.about, **shown, "to": call.sent.actor}
        )
        server = call.about["to"] if call.service is None else call.service.name
        if call.service is not None:
            self._calls[call.service].pop(call.about["id"], None)
        self._cross(call, True, self._pass, call, server, self._reply, call, (answer, event))

    def _reply(self, call: Call, outcome: tuple[Response | ConnectFailure, Event | None]) -> None:
        if not call.answered.triggered:
            call.answered.succeed(outcome)

    def _refuse(self, call: Call, reason: str) -> None:
        url = f"http://{call.about['to']}{call.about['path']}"
        self._reply(call, (ConnectFailure(url=url, reason=reason), None))

    def _hang_up(self, service: Service) -> None:
        serving = self._serving[address(service.name)]
        serving[:] = [one for one in serving if one[0] is not service]
        for call in self._calls.pop(service).values():
            self._later(call, self._refuse, call, "Remote end closed connection without response")

    def _failure(self, call: Call, error: ConnectFailure) -> ConnectFailure:
        self.clock.journal.record(HTTP_ERROR, {**call.about, "error": error.format_message()})
        return error

    def _caused_by(self, event: Event | None) -> None:
        task = self.clock.active
        if task is not None and event is not None:
            task.latest = event.seq


def address(name: str) -> str:
    """Under which name a process is asked: that of its service, `nova-api` for `nova-api:2`."""
    return name.partition(":")[0]


def _received(answer: Response) -> Response:
    """The client's own copy: the text is shared, what is parsed from it is not."""
    return Response.of_text(answer.status, answer.text, answer.headers, answer._read)


def _shown(text: str | bytes) -> str | None:
    if isinstance(text, bytes):
        return f"{len(text)} bytes"
    return text or None
