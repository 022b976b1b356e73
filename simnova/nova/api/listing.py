"""Which servers a list request asks for, in which order, which page (`_get_servers` of `servers.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simnova.messaging.rest import Fault, Request
from simnova.nova.api import views
from simnova.nova.compute.api import API
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance

_SORT_KEYS = {
    "availability_zone": "availability_zone",
    "created_at": "created_at",
    "display_description": "display_description",
    "display_name": "display_name",
    "host": "host",
    "image_ref": "image_ref",
    "instance_type_id": "instance_type_id",
    "key_name": "key_name",
    "launched_at": "launched_at",
    "locked": "locked",
    "node": "node",
    "power_state": "power_state",
    "project_id": "project_id",
    "root_device_name": "root_device_name",
    "task_state": "task_state",
    "terminated_at": "terminated_at",
    "updated_at": "updated_at",
    "user_id": "user_id",
    "uuid": "uuid",
    "vm_state": "vm_state",
}

Test = Callable[[Instance, str], bool]


def _addresses(instance: Instance) -> list[str]:
    return [ip["addr"] for ips in views.addresses(instance).values() for ip in ips]


_FILTERS: dict[str, Test] = {
    "name": lambda one, text: re.search(text, one.display_name or "") is not None,
    "status": lambda one, text: views.status(one.vm_state, one.task_state) == text.upper(),
    "flavor": lambda one, text: one.flavor.flavorid == text,
    "image": lambda one, text: one.image_ref == text,
    "ip": lambda one, text: any(re.search(text, address) for address in _addresses(one)),
    "reservation_id": lambda one, text: one.reservation_id == text,
    "changes-since": lambda one, text: (one.updated_at or one.created_at or "") >= text,
    "changes-before": lambda one, text: (one.updated_at or one.created_at or "") <= text,
    "uuid": lambda one, text: one.uuid == text,
}
_OF_ADMINS: dict[str, Test] = {
    "host": lambda one, text: one.host == text,
    "node": lambda one, text: one.node == text,
    "availability_zone": lambda one, text: one.availability_zone == text,
    "vm_state": lambda one, text: one.vm_state == text,
    "task_state": lambda one, text: (one.task_state or "None") == text,
    "power_state": lambda one, text: str(int(one.power_state)) == text,
    "user_id": lambda one, text: one.user_id == text,
    "tenant_id": lambda one, text: one.project_id == text,
    "project_id": lambda one, text: one.project_id == text,
    "locked": lambda one, text: one.locked == (text.lower() in ("true", "1")),
    "key_name": lambda one, text: one.key_name == text,
}


async def find_all(api: API, context: RequestContext, request: Request) -> list[Instance]:
    """The servers that pass the request's filters, sorted, of its page; of all projects for an administrator."""
    everyone = (request.param("all_tenants") or "0").lower() in ("true", "1")
    if everyone and not context.is_admin:
        rule = "os_compute_api:servers:index:get_all_tenants"
        raise Fault(403, f"Policy doesn't allow {rule} to be performed.")
    found = await api.get_all(context, all_tenants=everyone)
    known = {**_FILTERS, **(_OF_ADMINS if context.is_admin else {})}
    for name, test in known.items():
        wanted = request.query.get(name)
        if wanted is not None:
            found = [one for one in found if any(_passes(test, one, text) for text in wanted)]
    return _page(api, _sorted(found, request), request)


def _passes(test: Test, instance: Instance, text: str) -> bool:
    try:
        return test(instance, text)
    except re.error:
        return False


def _sorted(found: list[Instance], request: Request) -> list[Instance]:
    """By the keys of the request, the first one first; the newest first where it has none."""
    keys, ways = request.query.get("sort_key", []), request.query.get("sort_dir", [])
    for number, key in reversed(list(enumerate(keys))):
        if key not in _SORT_KEYS:
            raise Fault(
                400,
                f"Invalid input for query parameters sort_key. Value: {key}. "
                f"'{key}' is not one of {sorted(_SORT_KEYS)}",
            )
        way = ways[number] if number < len(ways) else "desc"
        found = sorted(found, key=_by(_SORT_KEYS[key]), reverse=way == "desc")
    return found


def _by(name: str) -> Callable[[Instance], Any]:
    def key(instance: Instance) -> Any:
        value = getattr(instance, name)
        return (value is not None, value)

    return key


def _page(api: API, found: list[Instance], request: Request) -> list[Instance]:
    marker = request.param("marker")
    if marker is not None:
        places = [number for number, one in enumerate(found) if one.uuid == marker]
        if not places:
            raise Fault(400, f"marker [{marker}] not found")
        found = found[places[0] + 1 :]
    return found[: _limit(api, request)]


def _limit(api: API, request: Request) -> int:
    """How many the request wants, at most `[api] max_limit`; zero is no limit of its own."""
    most, text = int(api.conf.api.max_limit), request.param("limit")
    if text is None:
        return most
    if not text.isdigit():
        raise Fault(
            400,
            f"Invalid input for query parameters limit. Value: {text}. "
            f"'{text}' does not match '^[0-9]*$'",
        )
    return min(int(text) or most, most)
