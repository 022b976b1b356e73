"""Plays one script of operations on several clouds, and lays side by side what came of it (`observe.conformance`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from simnova.cloud.hosts import Host, as_hosts
from simnova.cloud.machines import Machines
from simnova.cloud.used import measured
from simnova.exceptions import NovaError, UsageError, unknown
from simnova.observe.conformance import Conformance, Played, Run, Used, check_runs

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud
    from simnova.cloud.server import Server

__door__ = True

Operation = str | Callable[["Cloud"], object]

LIFE = (
    *("boot", "pause", "unpause", "suspend", "resume", "stop", "start", "reboot"),
    *("rescue", "unrescue", "rebuild", "resize=m1.small", "confirm_resize"),
    *("create_image=snap", "shelve", "unshelve", "delete"),
)
"""What a server can go through."""

ALIKE: dict[str, Any] = {"weight_classes": []}
"""Options under which all hosts are as good: real ones, on one machine, are not as large as simulated ones."""

TAKES_VALUE = {
    "boot": "flavor",
    "reboot": "kind",
    "resize": "flavor",
    "create_image": "name",
    "rebuild": "image",
    "rescue": "image",
    "live_migrate": "host",
    "migrate": "host",
    "change_password": "password",
}
"""The operations that may have a value after `=`, and what it is."""

OPERATIONS = frozenset(
    {
        *TAKES_VALUE,
        *("stop", "start", "pause", "unpause", "suspend", "resume", "unrescue", "delete"),
        *("confirm_resize", "revert_resize", "shelve", "shelve_offload", "unshelve"),
        *("lock", "unlock", "attach_interface", "console_output", "restore", "force_delete"),
    }
)


def conformance(
    script: Sequence[Operation] | None = None, clouds: Mapping[str, Cloud] | None = None
) -> Conformance:
    """Play a script on each cloud, and compare; the first cloud is what the others are held against.

    An operation is a method of `Server` by its name (`"stop"`, `"resize=m1.small"`), `"boot"` or `"boot=m1.small"`, or
    a function that gets the cloud. What is refused is noted, and the script goes on. Without a script it is a server's
    life (`LIFE`). Give the clouds the same seed; with `config=ALIKE` no weigher prefers a larger host. Raises
    UsageError for an unknown operation, or fewer than two clouds.
    """
    script = _checked(script)
    check_runs(clouds or {})
    return Conformance([_play(name, cloud, script) for name, cloud in (clouds or {}).items()])


def on_both(script: Sequence[Operation] | None, uri: str, seed: int = 0) -> Conformance:
    """The script on two simulated hosts and on two behind a libvirt URI; "qemu" brings up machines for it.

    Raises UsageError where this machine lacks what that needs.
    """
    from simnova.cloud.cloud import Cloud

    script = _checked(script)
    with ExitStack() as stack:
        real = [Host(host.name, driver=uri) for host in as_hosts(2)]
        if uri == "qemu":
            real = stack.enter_context(Machines(2)).hosts
        both = {"simulated": as_hosts(2), uri: real}
        clouds = {
            name: stack.enter_context(Cloud(hosts, config=ALIKE, seed=seed))
            for name, hosts in both.items()
        }
        return conformance(script, clouds)


def _checked(script: Sequence[Operation] | None) -> Sequence[Operation]:
    """The script, `LIFE` where there is none. Raises UsageError before anything runs."""
    script = LIFE if script is None else script
    for operation in script:
        _check(operation)
    return script


def _check(operation: Operation) -> None:
    if not isinstance(operation, str):
        return
    name, equals, _ = operation.partition("=")
    if name not in OPERATIONS:
        raise unknown("operation", name, OPERATIONS)
    if equals and name not in TAKES_VALUE:
        raise UsageError(f"{operation}: {name} takes no value")


def _play(name: str, cloud: Cloud, script: Sequence[Operation]) -> Run:
    played = [_one(cloud, operation) for operation in script]
    rows = cloud.sql("SELECT name, uuid FROM placement.resource_providers").as_dicts()
    return Run(name, cloud.journal, played, {row["name"]: row["uuid"] for row in rows})


def _one(cloud: Cloud, operation: Operation) -> Played:
    first, began = len(cloud.journal), cloud.now
    try:
        _do(cloud, operation)
        cloud.run()
        ended = _status(cloud)
    except (NovaError, UsageError) as error:
        cloud.run()
        ended = f"refused: {error}"
    told = operation if isinstance(operation, str) else getattr(operation, "__name__", "function")
    upto, seconds = len(cloud.journal), cloud.now - began
    _settle(cloud)
    return Played(told, first, upto, seconds, ended, _used(cloud))


def _used(cloud: Cloud) -> Used | None:
    """What the server that the script is about has, and takes."""
    found = list(cloud.servers)
    if not found:
        return None
    flavor = found[-1].show()["flavor"]
    with suppress(NovaError):  # what could not be built has no guest
        taken = measured(cloud.assembly, found[-1])
        return Used(flavor["ram"], flavor["disk"], taken.get("memory"), taken.get("disk"))
    return Used(flavor["ram"], flavor["disk"])


def _do(cloud: Cloud, operation: Operation) -> None:
    if not isinstance(operation, str):
        operation(cloud)
        return
    name, equals, value = operation.partition("=")
    if name == "boot":
        cloud.boot("web", flavor=value or "m1.tiny")
        return
    given: dict[str, Any] = {TAKES_VALUE[name]: value} if equals else {}
    getattr(_server(cloud), name)(**given)


def _server(cloud: Cloud) -> Server:
    """The server that the script is about: the last one."""
    found = list(cloud.servers)
    if not found:
        raise UsageError("there is no server: let the script begin with 'boot'")
    return found[-1]


def _status(cloud: Cloud) -> str:
    found = list(cloud.servers)
    return found[-1].status if found else "deleted"


def _settle(cloud: Cloud) -> None:
    """Wait until real guests have come up: one that has only just been started hears no power button."""
    for server in cloud.servers:
        door = cloud.assembly.drivers.get(server.host)
        if door is not None and getattr(door.driver, "kind", None) == "QEMU":
            from simnova.nova.virt.libvirt import console

            driver: Any = door.driver
            with suppress(NovaError):  # what could not be built has no guest
                driver.hypervisor.at_once(console.settled, server.id, seconds=15.0)
