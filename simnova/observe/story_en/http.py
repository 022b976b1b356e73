"""Requests between services and their answers, told by what they are about."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from simnova.observe.story_en import compute_api, guests, neighbours, operators, placement
from simnova.observe.story_en.words import after, start, subject, who
from simnova.observe.telling import Telling, opened

Phrase = Callable[[Telling, re.Match[str]], str]


class Route(NamedTuple):
    """One kind of request: `ask` says it of the client, `answer` of the server; both begin with a
    verb.
    """

    to: str
    method: str
    path: re.Pattern[str]
    ask: Phrase
    answer: Phrase


ROUTES = [
    Route(to, method, re.compile(path), ask, answer)
    for to, routes in (
        ("placement", placement.ROUTES),
        ("keystone", neighbours.KEYSTONE),
        ("glance", neighbours.GLANCE),
        ("neutron", neighbours.NEUTRON),
        ("nova-api-metadata", guests.METADATA),
        ("nova-api", [*compute_api.ROUTES, *operators.ROUTES]),
    )
    for method, path, ask, answer in routes
]


def find(server: str, data: dict[str, Any]) -> tuple[Route, re.Match[str]] | None:
    """The route of a request, where the table has one."""
    for route in ROUTES:
        match = route.path.fullmatch(str(data.get("path", "")))
        if match and route.to == server and route.method == data.get("method"):
            return route, match
    return None


def request(telling: Telling) -> str:
    """http.request"""
    data = telling.data
    found = find(str(data.get("to")), data)
    if found is None:
        return (
            f"{subject(telling)} sends {data['method']} {data['path']} to {who(str(data['to']))}."
        )
    return f"{subject(telling)} {found[0].ask(telling, found[1])}."


def response(telling: Telling) -> str:
    """http.response"""
    data = telling.data
    status = int(data["status"])
    found = find(telling.actor, data)
    lost = placement.lost(telling, found[1]) if found and status == 409 else ""
    if lost:
        return f"{subject(telling)} {lost} with {told(status)}: {complaint(telling.body)}."
    if status >= 400:
        return f"{subject(telling)} {refusal(telling, status)}."
    if found is None:
        return f"{subject(telling)} answers {who(str(data['to']))}: {told(status)}{after(telling)}."
    return f"{subject(telling)} {found[0].answer(telling, found[1])}."


def told(status: int) -> str:
    """A status with its name: 404 Not Found."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def refusal(telling: Telling, status: int) -> str:
    """An answer that is an error, with the reason that its body gives."""
    verb = "fails to answer" if status >= 500 else "refuses"
    data = telling.data
    reason = complaint(telling.body)
    said = f": {reason}" if reason else ""
    return (
        f"{verb} {who(str(data['to']))}'s {data['method']} {data['path']} with {told(status)}{said}"
    )


def complaint(body: Any) -> str:
    """The message in an error body, whichever service worded it."""
    body = opened(body)
    if isinstance(body, list) and body:
        return complaint(body[0])
    if not isinstance(body, dict):
        return str(body or "").rstrip(". ")
    for name in ("detail", "message", "title"):
        if isinstance(body.get(name), str):
            return str(body[name]).strip().rstrip(".")
    return next((complaint(value) for value in body.values() if isinstance(value, dict | list)), "")


def error(telling: Telling) -> str:
    """http.error"""
    data = telling.data
    reason = str(data.get("error") or "no answer").rstrip(".")
    asked = f"{data['method']} {data['path']}"
    return f"{subject(telling)} gets no answer from {who(str(data['to']))} to {asked}: {start(reason)}."
