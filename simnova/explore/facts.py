"""What is left of a request when nobody works on it any more: every book that Nova and its neighbours keep."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from simnova.cloud.cloud import Cloud
from simnova.cloud.server import Call
from simnova.messaging.rest import ConnectFailure

_CELLS = "SELECT name, database_connection AS address FROM nova_api.cell_mappings ORDER BY id"
_MAPPING = "SELECT cell_id FROM nova_api.instance_mappings WHERE instance_uuid = '{0}'"
_BUILD_REQUEST = "SELECT id FROM nova_api.build_requests WHERE instance_uuid = '{0}'"
_ROW = "SELECT host FROM {1}.instances WHERE deleted = 0 AND uuid = '{0}'"
_ACTION = """
    SELECT e.finish_time, e.result, e.event FROM {1}.instance_actions a
    LEFT JOIN {1}.instance_actions_events e ON e.action_id = a.id
    WHERE a.instance_uuid = '{0}' AND a.request_id LIKE '{2}' ORDER BY a.id, e.id
"""
_HOLDS = """
    SELECT DISTINCT p.name FROM placement.allocations a
    JOIN placement.resource_providers p ON p.id = a.resource_provider_id
    WHERE a.consumer_id = '{0}' ORDER BY p.name
"""
_PORTS = """
    SELECT b.host FROM neutron.ports p LEFT JOIN neutron.ml2_port_bindings b ON b.port_id = p.id
    WHERE p.device_id = '{0}' ORDER BY b.host
"""
_MISCOUNTED = """
    SELECT n.host FROM {0}.compute_nodes n WHERE n.deleted = 0 AND n.running_vms != (
        SELECT COUNT(*) FROM {0}.instances i WHERE i.deleted = 0 AND i.host = n.host
    ) ORDER BY n.host
"""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")


@dataclass(frozen=True)
class Facts:
    """A server as the API, the databases, Placement, Neutron and the hypervisors know it; None: there is nothing.

    `row` is the cell database that has its row, `mapped` whether the API knows which. `action` is how the last event
    of its last action ended: Success, Error, "open" (begun, no end), "no event" (the action alone). Hosts are named
    where something of it is held, and in `miscounted` where the resource tracker counts other servers than there are.
    """

    status: str | None
    vm_state: str | None
    task_state: str | None
    host: str | None
    row: str | None
    mapped: bool
    build_request: bool
    fault: str | None
    action: str | None
    allocation: tuple[str, ...]
    ports: tuple[str, ...]
    guests: tuple[str, ...]
    miscounted: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join([self.state, *self.left])

    @property
    def state(self) -> str:
        """What the API shows: `BUILD/scheduling`, `ACTIVE on compute1`, `no server`."""
        if not self.status:
            return "no server"
        task = f"/{self.task_state}" if self.task_state else ""
        where = f" on {self.host}" if self.host else " in cell0" if self.row == "nova_cell0" else ""
        return f"{self.status}{task}{where}"

    @property
    def left(self) -> list[str]:
        """What there is besides: the action, what is held, what does not fit."""
        if self.status is None and not self.row:
            return self._held()
        said = [(self.action and f"action: {self.action}") or "no action"]
        said += [f"fault “{self.fault}”"] if self.fault else []
        if self.build_request:
            said.append("a build request" + (f" and a row in {self.row}" if self.row else ""))
        return said + self._held()

    def _held(self) -> list[str]:
        held = {"allocation": self.allocation, "port": self.ports, "guest": self.guests}
        said = [f"{name} on {'+'.join(hosts)}" for name, hosts in held.items() if hosts]
        return said + ([f"{'+'.join(self.miscounted)} miscounts"] if self.miscounted else [])


def look(cloud: Cloud, server: str | None = None, request: str = "%") -> Facts:
    """The facts about a server, given by its id, or about the only one; no service is asked, nothing is journalled.

    `request` is the id of the request whose action is meant, where it is not the last one.
    """
    uuid = server or _only(cloud)
    shown = _shown(cloud, uuid)
    cells = _cells(cloud)
    rows = {cell: found for cell in cells if (found := _sql(cloud, _ROW, uuid, cell))}
    row = next(iter(rows), None)
    return Facts(
        status=shown.get("status"),
        vm_state=shown.get("OS-EXT-STS:vm_state"),
        task_state=shown.get("OS-EXT-STS:task_state"),
        host=rows[row][0][0] if row else None,
        row=row,
        mapped=any(cell is not None for (cell,) in _sql(cloud, _MAPPING, uuid)),
        build_request=bool(_sql(cloud, _BUILD_REQUEST, uuid)),
        fault=_fault(shown),
        action=_action([e for cell in cells for e in _sql(cloud, _ACTION, uuid, cell, request)]),
        allocation=tuple(name for (name,) in _sql(cloud, _HOLDS, uuid)),
        ports=tuple(str(host or "no host") for (host,) in _sql(cloud, _PORTS, uuid)),
        guests=tuple(host for host in cloud.assembly.hosts if uuid in _guests(cloud, host)),
        miscounted=tuple(host for cell in cells for (host,) in _sql(cloud, _MISCOUNTED, cell)),
    )


def _sql(cloud: Cloud, statement: str, *names: str) -> list[Any]:
    return list(cloud.sql(statement.format(*names)))


def _cells(cloud: Cloud) -> list[str]:
    """The cells' databases, those of servers first."""
    found = [address.rpartition("/")[2].partition("?")[0] for _, address in _sql(cloud, _CELLS)]
    return sorted(found, key=lambda name: (name == "nova_cell0", name))


def _only(cloud: Cloud) -> str:
    """The server that was asked for last; nothing where there never was one."""
    found = _sql(cloud, "SELECT instance_uuid FROM nova_api.request_specs ORDER BY id DESC LIMIT 1")
    return str(found[0][0]) if found else ""


def _guests(cloud: Cloud, host: str) -> Any:
    return cloud.assembly.simulated(host).guests


def _shown(cloud: Cloud, uuid: str) -> dict[str, Any]:
    found = [server for server in cloud.servers if server.id == uuid]
    return found[0].show() if found else {}


def _fault(shown: dict[str, Any]) -> str | None:
    fault = shown.get("fault")
    return _ID.sub("…", str(fault["message"]).strip()) if fault else None


def _action(events: list[Any]) -> str | None:
    if not events:
        return None
    finish, result, event = events[-1]
    if event is None:
        return "no event"
    return str(result) if finish is not None else "open"


def answer(call: Call) -> str:
    """What the client has heard of its request: a status, or how the connection ended."""
    if call.answer is not None:
        return str(call.answer.status)
    if call.error is None:
        return "nothing"
    return (
        "connection lost" if isinstance(call.error, ConnectFailure) else type(call.error).__name__
    )
