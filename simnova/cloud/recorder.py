"""API actions one after another on a server, each in the form in which real Nova was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from simnova.cloud.client import MICROVERSION, Refused
from simnova.cloud.cloud import Cloud
from simnova.cloud.hosts import Host
from simnova.cloud.server import Server
from simnova.config import Config
from simnova.exceptions import NovaError, UsageError, unknown
from simnova.kernel.journal import Event
from simnova.nova.api.actions import ACTIONS
from simnova.observe import compare
from simnova.observe.recording import Line, lines

FLAVORS = ("m1.tiny", "m1.small")
"""What a server is made with, and what it is resized to and back."""

_SHORT = {
    "createImage": "name",
    "evacuate": "host",
    "migrate": "host",
    "os-migrateLive": "host",
    "os-resetState": "state",
    "reboot": "type",
    "unshelve": "host",
}
"""The field that a bare word after an action's name is for."""

_USUAL: dict[str, dict[str, Any]] = {
    "changePassword": {"adminPass": "secret"},
    "createBackup": {"name": "backup", "backup_type": "daily", "rotation": 1},
    "createImage": {"name": "snapshot"},
    "evacuate": {},
    "os-getConsoleOutput": {},
    "os-getSPICEConsole": {"type": "spice-html5"},
    "os-getSerialConsole": {"type": "serial"},
    "os-getVNCConsole": {"type": "novnc"},
    "os-migrateLive": {"host": None, "block_migration": "auto"},
    "os-resetState": {"state": "error"},
    "reboot": {"type": "SOFT"},
}
"""What an action is asked for with where nothing is said."""


_ENDING = ("force_complete", "abort")
"""What ends a live migration, of the migration's own part of the API: the action before is left while it runs."""


class Wanted(NamedTuple):
    """One action of a sequence, by its API name, and what was said of it after the `=`."""

    name: str
    value: str | None

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """From `reboot` or `reboot=HARD`; raises `UsageError` for an action that is none, or takes no such value."""
        name, equals, value = text.partition("=")
        known = {"create", "delete", *_ENDING, *ACTIONS}
        for one in (name, f"os-{name}"):
            if one in known:
                _check_value(one, value)
                return cls(one, value if equals else None)
        raise unknown("action", name, known)


def _check_value(name: str, value: str) -> None:
    if name in ("create", "delete", *_ENDING) and value:
        raise UsageError(f"{name}={value}: {name} takes no value")
    if value.startswith("{"):
        _parsed(name, value)
    elif value and name not in (*_SHORT, "resize", "rebuild"):
        raise UsageError(f"{name}={value}: give the action's value as a JSON object")


def _parsed(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise UsageError(f"{name}={value}: this is no JSON object: {error}") from None


@dataclass
class Recorded:
    """An action and what followed from it; `seconds` of simulated time, `error` where it was refused."""

    operation: str
    seconds: float
    events: list[Line]
    action: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    def json(self) -> str:
        """One line of a recording."""
        values = asdict(self)
        return json.dumps({name: values[name] for name in values if name != "error" or self.error})

    def __str__(self) -> str:
        told = [f"{self.operation}, {self.seconds:.3f} s"]
        told += [f"  {compare.words(line)}" for line in self.events]
        if self.error:
            told.append(f"  refused: {self.error['message']} (HTTP {self.error['code']})")
        if self.action:
            events = ", ".join(f"{name} {result}" for name, result in self.action["events"])
            told.append(f"  action {self.action['action']}: {events or '-'}")
        return "\n".join(told)


@dataclass
class Recorder:
    """A fresh cloud and the server to which everything is done; `down` is forced down after the first action."""

    cloud: Cloud
    microversion: str = MICROVERSION
    down: str | None = None
    server: Server | None = None

    def record(self, wanted: Sequence[Wanted]) -> Iterator[Recorded]:
        """Do one after another; each is recorded when nobody works on it any more. Raises `UsageError`."""
        if self.server is None and wanted[0].name != "create":
            raise UsageError(f"{wanted[0].name}: there is no server yet: begin with create")
        self._check_names(wanted)
        for number, (one, after) in enumerate(zip_longest(wanted, wanted[1:])):
            yield self._one(one, after is not None and after.name in _ENDING)
            if number == 0 and self.down:
                self.cloud.services.force_down(self.down)
                self.cloud.run()

    def _check_names(self, wanted: Sequence[Wanted]) -> None:
        """Raise UsageError for a flavor or an image that the cloud does not have."""
        for name, said in wanted:
            if name == "resize" and said and not said.startswith("{"):
                self.cloud.flavors.id_of(said)
            if name == "rebuild" and said and said != "same" and not said.startswith("{"):
                self.cloud.images.id_of(said)

    def _one(self, wanted: Wanted, to_be_ended: bool = False) -> Recorded:
        first, started, error = len(self.cloud.journal), self.cloud.now, None
        before = self._action()
        try:
            self._do(wanted)
        except Refused as refusal:
            error = {"code": refusal.code, "message": refusal.message}
        except NovaError as failure:
            error = {"code": 500, "message": str(failure).removesuffix(" (HTTP 500)")}
        self._run(to_be_ended)
        found = Recorded(
            wanted.name if wanted.value is None else f"{wanted.name} {wanted.value}",
            round(self.cloud.now - started, 3),
            lines(self.cloud.journal, first),
            error=error,
        )
        found.action = self._noted(before) if error is None else None
        return found

    def _run(self, to_be_ended: bool) -> None:
        """Until nobody works, or only until a live migration runs that is to be ended."""
        if to_be_ended:
            with suppress(UsageError):
                self.cloud.run(until=_sends_memory)
        else:
            self.cloud.run()

    # --- doing --------------------------------------------------------------------------------------------------

    def _do(self, wanted: Wanted) -> None:
        headers = {"OpenStack_API_Version": f"compute {self.microversion}"}
        if wanted.name == "create":
            self.server = self._create(headers)
        elif wanted.name == "delete":
            self.cloud.request("DELETE", f"/v2.1/servers/{self._its.id}", **headers)
        elif wanted.name in _ENDING:
            self._end_live_migration(wanted.name, headers)
        else:
            body = {wanted.name: self._value(wanted)}
            path = f"/v2.1/servers/{self._its.id}/action"
            self.cloud.request("POST", path, body, **headers)

    def _end_live_migration(self, name: str, headers: Mapping[str, str]) -> None:
        rows = self._its.migrations.rows
        path = f"/v2.1/servers/{self._its.id}/migrations/{rows[-1][0] if rows else 0}"
        if name == "abort":
            self.cloud.request("DELETE", path, **headers)
        else:
            self.cloud.request("POST", f"{path}/action", {name: None}, **headers)

    @property
    def _its(self) -> Server:
        if self.server is None:
            raise UsageError("there is no server: its create was refused")
        return self.server

    def _create(self, headers: Mapping[str, str]) -> Server:
        server = {
            "name": "recorded",
            "flavorRef": self.cloud.flavors.id_of(FLAVORS[0]),
            "imageRef": self.cloud.images.id_of("cirros"),
            "networks": "auto",
        }
        body = self.cloud.request("POST", "/v2.1/servers", {"server": server}, **headers)
        return Server(self.cloud, body["server"]["id"])

    def _value(self, wanted: Wanted) -> Any:
        name, said = wanted
        if said and said.startswith("{"):
            return _parsed(name, said)
        if name == "resize":
            return {"flavorRef": self.cloud.flavors.id_of(said or self._other_flavor())}
        if name == "rebuild":
            return {"imageRef": self._image(said)}
        if said is None:
            return _USUAL.get(name)
        return {**_USUAL.get(name, {}), _SHORT[name]: said}

    def _other_flavor(self) -> str:
        return FLAVORS[self._its.show()["flavor"]["original_name"] == FLAVORS[0]]

    def _image(self, said: str | None) -> str:
        """The image to rebuild from: the server's own (`same`), one by its name, or else another one."""
        own = str(self._its.show()["image"]["id"])
        if said == "same":
            return own
        if said:
            return self.cloud.images.id_of(said)
        if "other" not in self.cloud.images:
            self.cloud.images.create("other")
        return next(id for id in map(self.cloud.images.id_of, ("other", "cirros")) if id != own)

    # --- what is noted of it ------------------------------------------------------------------------------------

    def _noted(self, before: tuple[int, str] | None) -> dict[str, Any] | None:
        """The action that was not there before, with its events; None for what Nova notes none of."""
        last = self._action()
        if last is None or last == before:
            return None
        ident, cell = last
        ((action, message),) = self._rows(
            f"SELECT action, message FROM {cell}.instance_actions WHERE id = {ident}"
        )
        events = self._rows(
            f"SELECT event, result FROM {cell}.instance_actions_events "
            f"WHERE action_id = {ident} ORDER BY id"
        )
        return {"action": action, "message": message, "events": events}

    def _action(self) -> tuple[int, str] | None:
        """The server's last action, and the cell where the server is."""
        cells = self.cloud.assembly.layout.databases if self.server else []
        for cell in reversed(cells):
            found = self._rows(
                f"SELECT MAX(id) FROM {cell}.instance_actions "
                f"WHERE instance_uuid = '{self._its.id}'"
            )
            if found[0][0] is not None:
                return found[0][0], cell
        return None

    def _rows(self, statement: str) -> list[list[Any]]:
        return [list(row) for row in self.cloud.sql(statement).rows]


def _sends_memory(event: Event) -> bool:
    """Whether a live migration has come to where it can be ended."""
    after = event.data.get("after") or {}
    return event.data.get("table") == "migrations" and after.get("status") == "running"


def large(name: str) -> Host:
    """A host as large as Nova's fake driver says that it is: every flavor fits."""
    return Host(name, vcpus=1000, memory_mb=800_000, local_gb=600_000)


def fresh(wanted: Sequence[Wanted], hosts: int, seed: int, conf: Config, down: str | None) -> Cloud:
    """A cloud of hosts named host1, host2 … whose first server lands where the sequence needs it.

    Before an evacuation that is the host that goes down: of hosts that are as good as each other, chance (the seed)
    takes one.
    """
    names = [f"host{number + 1}" for number in range(hosts)]
    if down is not None and down not in names:
        raise unknown("host", down, names)
    made = [large(name) for name in names]
    if down is None or not any(one.name == "evacuate" for one in wanted):
        return _without_disks(Cloud(made, config=conf, seed=seed))
    for tried in range(seed, seed + 100 * hosts):
        probe = _without_disks(Cloud(made, config=conf, seed=tried))
        recorder = Recorder(probe)
        list(recorder.record([Wanted("create", None)]))
        lands = recorder.server is not None and recorder.server.host == down
        probe.close()
        if lands:
            return _without_disks(Cloud(made, config=conf, seed=tried))
    raise UsageError(f"no server lands on {down}: nothing to evacuate there")


def _without_disks(cloud: Cloud) -> Cloud:
    """The driver of the recordings holds no disks: they become smaller, and none is in a live migration's way."""
    for host in cloud.assembly.hosts:
        cloud.assembly.simulated(host).holds_disks = False
    return cloud
