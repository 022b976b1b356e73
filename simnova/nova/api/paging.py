"""Which part of a list is shown: by the time of the last change, by page (`nova/api/openstack/common.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from simnova.config import Config
from simnova.messaging.rest import Fault, Request


def limit_of(conf: Config, request: Request) -> int:
    """How many the request wants, at most `[api] max_limit`; raises `Fault` 400 for what is no number."""
    most, text = int(conf.api.max_limit), request.param("limit")
    if text is None or text == "":
        return most
    if not text.isdecimal():
        raise Fault(
            400,
            f"Invalid input for query parameters limit. Value: {text}. "
            f"'{text}' does not match '^[0-9]*$'",
        )
    return min(int(text), most)


def next_page(name: str, request: Request, page: Sequence[Any], last: str | None) -> dict[str, Any]:
    """The link to what comes after `last`, with all else that was asked; nothing where the page is not full."""
    limit = request.param("limit")
    if not limit or not page or len(page) < int(limit):
        return {}
    query = {key: values for key, values in request.query.items() if key != "marker"}
    href = f"http://nova-api{request.path}?{urlencode({**query, 'marker': last}, doseq=True)}"
    return {name: [{"rel": "next", "href": href}]}


def changes(request: Request) -> tuple[str | None, str | None]:
    """`changes-since` and `changes-before` as the database has times; raises `Fault` 400 where they are none."""
    since, before = _time(request, "changes-since"), _time(request, "changes-before")
    if since and before and before < since:
        text = "The value of changes-since must be less than or equal to changes-before."
        raise Fault(400, text)
    return since, before


def _time(request: Request, name: str) -> str | None:
    text = request.param(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(
            400,
            f"Invalid input for query parameters {name}. Value: {text}. "
            f"'{text}' is not a 'date-time'",
        ) from None
    found = found.astimezone(UTC) if found.tzinfo else found
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")
