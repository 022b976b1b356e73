"""The request door: what keystoneauth and requests do, and what the journal makes of it."""

from pathlib import Path

import pytest

from simnova.exceptions import NovaError
from simnova.messaging.rest import (
    App,
    ConnectFailure,
    ConnectTimeout,
    Fault,
    Request,
    Response,
    route,
)


class Echo(App):
    """Answers with what it was asked."""

    def __init__(self, clock):
        self.clock = clock
        self.received = None

    @route("POST", "/things/{name}")
    async def create(self, request: Request, name: str) -> Response:
        self.received = request.body
        return Response(201, {"name": name, "query": request.query, "body": request.body})

    @route("PUT", "/things/{name}")
    async def upload(self, request: Request, name: str) -> Response:
        self.received = request.body
        return Response(204)

    @route("GET", "/things/special")
    async def special(self, request: Request) -> Response:
        return Response(200, {"special": True})

    @route("GET", "/things/{name}")
    async def show(self, request: Request, name: str) -> Response:
        raise Fault(404, f"no {name}")

    @route("GET", "/slow")
    async def slow(self, request: Request) -> Response:
        await self.clock.sleep(30)
        return Response(200)

    @route("GET", "/broken")
    async def broken(self, request: Request) -> Response:
        return Response(200, {}["no such key"])


@pytest.fixture
def echo(neighbours):
    app = Echo(neighbours.clock)
    neighbours.services["echo"] = neighbours.clock.start("echo")
    neighbours.rest.serve(neighbours.services["echo"], app)
    return app


def failure(neighbours, path="/slow", timeout=None):
    async def ask():
        with pytest.raises(ConnectFailure) as caught:
            await neighbours.rest.request("echo", "GET", path, timeout=timeout)
        return caught.value

    return neighbours.do(ask())


def test_a_request_crosses_as_json_text_and_shares_no_object(neighbours, echo):
    sent = {"list": [1, 2]}
    answer = neighbours.ask("echo", "POST", "/things/chair?a=1&a=2&b=", sent)
    assert answer.status == 201
    assert answer.body == {"name": "chair", "query": {"a": ["1", "2"], "b": [""]}, "body": sent}
    assert echo.received == sent
    assert echo.received is not sent
    assert echo.received["list"] is not sent["list"]


def test_parameters_are_encoded_as_urllib_encodes_them(neighbours, echo):
    async def ask():
        query = {"root_required": "OWNER_NOVA,!COMPUTE_STATUS_DISABLED", "id": ["a", "b"]}
        return await neighbours.rest.request("echo", "POST", "/things/x", query=query)

    neighbours.do(ask())
    [sent] = neighbours.kinds("http.request")
    assert sent["query"] == "root_required=OWNER_NOVA%2C%21COMPUTE_STATUS_DISABLED&id=a&id=b"


def test_a_path_with_a_name_of_its_own_goes_before_a_pattern(neighbours, echo):
    assert neighbours.ask("echo", "GET", "/things/special").body == {"special": True}
    assert neighbours.ask("echo", "GET", "/things/other").status == 404


def test_unknown_paths_and_methods(neighbours, echo):
    assert neighbours.ask("echo", "GET", "/nothing").status == 404
    assert neighbours.ask("echo", "DELETE", "/things/x").status == 405


def test_a_request_takes_time_both_ways_and_is_the_cause_of_what_the_server_does(neighbours, echo):
    neighbours.ask("echo", "POST", "/things/chair", {})
    request, response = (
        next(e for e in neighbours.clock.journal if e.kind == kind)
        for kind in ("http.request", "http.response")
    )
    assert (request.actor, response.actor) == ("client", "echo")
    assert request.time < response.time < neighbours.clock.now
    assert response.cause == request.seq
    assert response.data["to"] == "client"


def test_what_a_client_does_next_is_because_of_the_answer(neighbours, echo):
    async def ask_twice():
        for name in ("one", "two"):
            await neighbours.rest.request("echo", "POST", f"/things/{name}")

    neighbours.do(ask_twice())
    second = [e for e in neighbours.clock.journal if e.kind == "http.request"][1]
    assert [e.kind for e in neighbours.clock.journal.causes(second.seq)] == [
        "http.request",
        "http.response",
        "http.request",
    ]


def test_nobody_serves_there(neighbours):
    error = failure(neighbours)
    assert str(error) == (
        "Unable to establish connection to http://echo/slow: [Errno 111] Connection refused"
    )
    assert isinstance(error, NovaError)
    [noted] = neighbours.kinds("http.error")
    assert noted["error"] == str(error)


@pytest.mark.parametrize("end", ["crash", "stop"])
def test_a_server_that_ends_while_it_serves(neighbours, echo, end):
    clock = neighbours.clock
    clock.after(5, getattr(clock, end), neighbours.services["echo"])
    assert str(failure(neighbours)).endswith("Remote end closed connection without response")
    assert clock.now < 6
    assert "Connection refused" in str(failure(neighbours))


def test_a_server_that_is_too_slow(neighbours, echo):
    error = failure(neighbours, timeout=2)
    assert isinstance(error, ConnectTimeout)
    assert str(error) == "Request to http://echo/slow timed out"
    assert neighbours.clock.now == 2
    neighbours.clock.advance(60)  # the late answer finds nobody


def test_a_handler_that_breaks_is_a_500_with_its_traceback_in_the_journal(neighbours, echo):
    assert neighbours.ask("echo", "GET", "/broken").status == 500
    [response] = neighbours.kinds("http.response")
    assert "KeyError" in response["traceback"]
    assert str(Path.cwd()) not in response["traceback"], "the same journal on any machine"
    assert neighbours.ask("echo", "POST", "/things/x").status == 201


def test_a_client_that_dies_does_not_hear_the_answer(neighbours, echo):
    user = neighbours.clock.start("user")

    async def ask():
        await neighbours.rest.request("echo", "GET", "/slow")
        raise AssertionError("dead")

    neighbours.clock.spawn(ask(), service=user)
    neighbours.clock.after(5, neighbours.clock.crash, user)
    neighbours.clock.advance(60)
    [response] = neighbours.kinds("http.response")
    assert response["status"] == 200


def test_the_work_of_a_background_task_is_background(neighbours, echo):
    async def ask():
        await neighbours.rest.request("echo", "POST", "/things/x")

    neighbours.clock.spawn(ask(), service=neighbours.client, background=True)
    neighbours.clock.advance(1)
    http = [e for e in neighbours.clock.journal if e.kind.startswith("http.")]
    assert [e.background for e in http] == [True, True]


def test_an_upload_is_bytes_and_is_not_copied_into_the_journal(neighbours, echo):
    assert neighbours.ask("echo", "PUT", "/things/x", b"\x00" * 1000).status == 204
    assert neighbours.kinds("http.request")[0]["body"] == "1000 bytes"
    assert echo.received == b"\x00" * 1000
