"""Which servers a list request asks for, in which order, which page (`_get_servers` of `servers.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simnova.messaging.rest import Fault, Request
from simnova.nova import exception
from simnova.nova.api import views
from simnova.nova.api.controller import truth
from simnova.nova.api.down_cells import SINCE
from simnova.nova.api.paging import changes, limit_of
from simnova.nova.api.tag_filters import tagged
from simnova.nova.api.versions import version_of
from simnova.nova.compute.api import API
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.states import VmState

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

_BOOLEANS = ("0", "1", "f", "false", "n", "no", "off", "on", "t", "true", "y", "yes")

Test = Callable[[Instance, str], bool]


def _addresses(instance: Instance) -> list[str]:
    return [ip["addr"] for ips in views.addresses(instance).values() for ip in ips]


_FILTERS: dict[str, Test] = {
    "name": lambda one, text: re.search(text, one.display_name or "") is not None,
    "status": lambda one, text: views.status(_vm_state(one), one.task_state) == text.upper(),
    "flavor": lambda one, text: one.flavor.flavorid == text,
    "image": lambda one, text: one.image_ref == text,
    "ip": lambda one, text: any(re.search(text, address) for address in _addresses(one)),
    "reservation_id": lambda one, text: one.reservation_id == text,
}
"""Everyone's, at every microversion."""

_LATER: dict[str, Test] = {
    "locked": lambda one, text: one.locked == truth(text),
    "availability_zone": lambda one, text: one.availability_zone == text,
    "hostname": lambda one, text: one.hostname == text,
    "key_name": lambda one, text: one.key_name == text,
    "power_state": lambda one, text: str(int(one.power_state)) == text,
    "task_state": lambda one, text: (one.task_state or "None") == text,
    "user_id": lambda one, text: one.user_id == text,
    "vm_state": lambda one, text: one.vm_state == text,
}
"""An administrator's at every microversion, everyone's at later ones."""

_OF_ADMINS: dict[str, Test] = {
    "host": lambda one, text: one.host == text,
    "node": lambda one, text: one.node == text,
    "project_id": lambda one, text: one.project_id == text,
    "tenant_id": lambda one, text: one.project_id == text,
    "uuid": lambda one, text: one.uuid == text,
}


def _vm_state(instance: Instance) -> str:
    return VmState.DELETED if instance.deleted else instance.vm_state


def _changed(instance: Instance) -> str:
    times = (instance.created_at, instance.updated_at, instance.deleted_at)
    return max(filter(None, times), default="")


Found = tuple[list[Instance], list[InstanceMapping]]


async def find_all(api: API, context: RequestContext, request: Request) -> Found:
    """The servers that pass the request's filters, sorted, of its page; of all projects for an administrator.

    And the mappings of those in cells that are down, where nothing was asked that takes more to answer.
    """
    everyone = _all_tenants(request)
    if everyone and not context.is_admin:
        rule = "os_compute_api:servers:index:get_all_tenants"
        raise Fault(403, f"Policy doesn't allow {rule} to be performed.")
    if not _statuses(context, request):
        return [], []
    minimal = _is_cell_down_supported(request)
    found, down = await api.get_all(context, everyone, _deleted(context, request), minimal)
    elsewhere: list[InstanceMapping] = []
    if down and minimal:
        room = limit_of(api.conf, request) - len(found)
        elsewhere = await api.minimal(context, down, everyone, room)
    marker = request.param("marker")
    if down and marker and marker not in {one.uuid for one in found}:
        await api.check_marker(context, marker)
    for name, test in _filters(context, request, everyone).items():
        wanted = request.query.get(name)
        if wanted is not None:
            found = [one for one in found if any(_passes(test, one, text) for text in wanted)]
    found = _lately(context, await tagged(request, found), request)
    return _page(api, _sorted(found, request), request), elsewhere


def _is_cell_down_supported(request: Request) -> bool:
    """Whether servers of a cell that is down are listed as well: only where nothing is filtered, sorted or paged."""
    return version_of(request) >= SINCE and set(request.query) <= {"all_tenants"}


def _all_tenants(request: Request) -> bool:
    """Also where it is asked for without a value."""
    text = request.param("all_tenants")
    if not text:
        return text == ""
    if text.lower() not in _BOOLEANS:
        known = ", ".join(repr(one) for one in _BOOLEANS)
        reason = f"Unrecognized value '{text}', acceptable values are: {known}"
        raise exception.InvalidInput(reason=reason)
    return truth(text)


def _statuses(context: RequestContext, request: Request) -> bool:
    """Whether any server can have the status that is asked for; deleted ones are an administrator's to see."""
    wanted = {text.upper() for text in request.query.get("status", [])}
    if wanted == {"DELETED"} and not context.is_admin:
        raise Fault(403, "Only administrators may list deleted instances")
    if not wanted or wanted & set(views.STATUSES):
        return True
    if version_of(request) >= (2, 38):
        raise Fault(400, "Invalid status value")
    return False


def _deleted(context: RequestContext, request: Request) -> bool | None:
    """Whether deleted servers are asked for and no others; None is both, what has changed lately."""
    since, before = changes(request)
    statuses = [text.upper() for text in request.query.get("status", [])]
    if context.is_admin and statuses == ["DELETED"]:
        return True
    if context.is_admin and "deleted" in request.query:
        return truth(request.param("deleted"))
    return None if since or before else False


def _filters(context: RequestContext, request: Request, everyone: bool) -> dict[str, Test]:
    """All for an administrator, for others those of the request's microversion; the rest has no effect."""
    if context.is_admin:
        projects = {} if everyone else dict.fromkeys(("tenant_id", "project_id"), _anything)
        return {**_FILTERS, **_LATER, **_OF_ADMINS, **projects}
    version = version_of(request)
    late = {"locked": (2, 73), "hostname": (2, 90)}
    later = {name: test for name, test in _LATER.items() if version >= late.get(name, (2, 83))}
    return {**_FILTERS, **later}


def _lately(context: RequestContext, found: list[Instance], request: Request) -> list[Instance]:
    since, before = changes(request)
    if not context.is_admin and version_of(request) < (2, 66):
        before = None
    return [
        one
        for one in found
        if (not since or _changed(one) >= since) and (not before or _changed(one) <= before)
    ]


def _anything(instance: Instance, text: str) -> bool:
    """A project is no filter where only the own one is listed."""
    return True


def _passes(test: Test, instance: Instance, text: str) -> bool:
    try:
        return test(instance, text)
    except re.error:
        return False


def _sorted(found: list[Instance], request: Request) -> list[Instance]:
    """By the keys of the request, the first one first; the newest first where it has none."""
    keys = request.query.get("sort_key", []) or ["created_at"]
    ways = request.query.get("sort_dir", []) or ["desc"]
    _check_ways(ways, keys)
    for number, key in reversed(list(enumerate(keys))):
        if key not in _SORT_KEYS:
            raise Fault(
                400,
                f"Invalid input for query parameters sort_key. Value: {key}. "
                f"'{key}' is not one of {sorted(_SORT_KEYS)}",
            )
        way = ways[number] if number < len(ways) else ways[0]
        found = sorted(found, key=_by(_SORT_KEYS[key]), reverse=way == "desc")
    return found


def _check_ways(ways: list[str], keys: list[str]) -> None:
    """As `process_sort_params` of `nova/db/utils.py`; raises InvalidInput."""
    if not set(ways) <= {"asc", "desc"}:
        raise exception.InvalidInput(reason="Unknown sort direction, must be 'desc' or 'asc'")
    if len(ways) > len(keys):
        raise exception.InvalidInput(reason="Sort direction size exceeds sort key size")


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
    return found[: limit_of(api.conf, request)]
