"""Resize and what ends it, cold and live migration, evacuation."""

from __future__ import annotations

from collections.abc import Awaitable

from simnova.messaging.rest import Fault, Response
from simnova.nova import exception
from simnova.nova.api.actions.registry import Asked, action
from simnova.nova.objects.service import Service
from simnova.nova.objects.states import VmState

_BAD: tuple[type[Exception], ...] = (
    exception.CannotMigrateToSameHost,
    exception.CannotResizeDisk,
    exception.CannotResizeToSameFlavor,
    exception.ComputeHostNotFound,
    exception.ComputeServiceInUse,
    exception.FlavorNotFound,
)
_NOT_MIGRATED: tuple[type[Exception], ...] = (
    exception.NoValidHost,
    exception.ComputeServiceUnavailable,
    exception.InvalidHypervisorType,
    exception.UnableToMigrateToSelf,
    exception.DestinationHypervisorTooOld,
    exception.InvalidSharedStorage,
    exception.HypervisorUnavailable,
    exception.MigrationPreCheckError,
)
"""What a client of before 2.34, who waits for it, is told of a live migration that does not begin."""
_TRUE = ("true", "1", "on", "yes", "t", "y")


async def _asked(
    answer: Awaitable[None], migration: str = "Instance has not been resized."
) -> None:
    """Carry it out; what was asked wrongly is a 400 here, whatever the error's code elsewhere."""
    try:
        await answer
    except exception.ServiceUnavailable as error:
        raise Fault(409, str(error)) from None
    except exception.MigrationNotFound:
        raise Fault(400, migration) from None
    except _BAD as error:
        raise Fault(400, str(error)) from None


@action("resize", "resize", "servers:resize", schemas={(2, 1): "moves.resize"})
async def resize(asked: Asked) -> None:
    """Another flavor, on another host as a rule."""
    flavor = str(asked.value["flavorRef"])
    await _asked(asked.api.resize(asked.context, asked.instance, flavor))


@action("confirmResize", "confirmResize", "servers:confirm_resize")
async def confirm_resize(asked: Asked) -> Response:
    """It stays as it is now; what is left of it on its old host goes."""
    await _asked(asked.api.confirm_resize(asked.context, asked.instance))
    return Response(204)


@action("revertResize", "revertResize", "servers:revert_resize")
async def revert_resize(asked: Asked) -> None:
    """It shall be again what it was."""
    await _asked(asked.api.revert_resize(asked.context, asked.instance))


@action(
    "migrate",
    "migrate",
    "os-migrate-server:migrate",
    admin=True,
    schemas={(2, 56): "moves.migrate"},
)
async def migrate(asked: Asked) -> None:
    """Off, to another host, which may be named from 2.56 on."""
    named = asked.value if asked.version >= (2, 56) and asked.value else {}
    work = asked.api.resize(asked.context, asked.instance, host_name=named.get("host") or None)
    await _asked(work)


@action(
    "os-migrateLive",
    "os-migrateLive",
    "os-migrate-server:migrate_live",
    admin=True,
    schemas={
        (2, 1): "moves.migrate_live",
        (2, 25): "moves.migrate_live_v2_25",
        (2, 30): "moves.migrate_live_v2_30",
        (2, 68): "moves.migrate_live_v2_25",
    },
)
async def migrate_live(asked: Asked) -> None:
    """Running, to another host; a host that is named is forced where the scheduler need not agree."""
    value, host = asked.value, asked.value["host"]
    block = value["block_migration"]
    over_commit = None if asked.version >= (2, 25) else _true(value["disk_over_commit"])
    force = _force(asked, (2, 30))
    work = asked.api.live_migrate(
        asked.context,
        asked.instance,
        None if block == "auto" else _true(block),
        over_commit,
        host,
        force,
        async_=asked.version >= (2, 34),
    )
    try:
        await _asked(work)
    except _NOT_MIGRATED as error:
        raise Fault(400, str(error)) from None


@action(
    "evacuate",
    "evacuate",
    "os-evacuate",
    admin=True,
    schemas={
        (2, 1): "moves.evacuate",
        (2, 14): "moves.evacuate_v2_14",
        (2, 29): "moves.evacuate_v2_29",
        (2, 68): "moves.evacuate_v2_14",
    },
)
async def evacuate(asked: Asked) -> Response:
    """Anew on another host, because its own is lost; from 2.95 on it is stopped there."""
    host, version = asked.value.get("host"), asked.version
    password = asked.value.get("adminPass") or _password(asked)
    shared = None if version >= (2, 14) else _true(asked.value["onSharedStorage"])
    if shared and "adminPass" in asked.value:
        raise Fault(400, "admin password can't be changed on existing disk")
    await _check_target(asked, host)
    work = asked.api.evacuate(
        asked.context,
        asked.instance,
        host,
        shared,
        password,
        _force(asked, (2, 29)),
        VmState.STOPPED if version >= (2, 95) else None,
    )
    await _asked(work)
    return Response(200, {"adminPass": password} if version < (2, 14) else None)


async def _check_target(asked: Asked, host: str | None) -> None:
    if host is None:
        return
    if await Service.get_by_host_and_binary(asked.context, host, "nova-compute") is None:
        raise Fault(404, f"Compute host {host} not found.")
    if asked.instance.host == host:
        raise Fault(400, "The target host can't be the same one.")


def _force(asked: Asked, since: tuple[int, int]) -> bool | None:
    """Whether the named host is taken unasked: None, which forces it, before there was a choice."""
    if asked.version < since:
        return None
    force = _true(asked.value.get("force", False))
    if force and not asked.value.get("host"):
        raise Fault(400, "Can't force to a non-provided destination")
    return force


def _password(asked: Asked) -> str:
    rng = asked.context.here.clock.rng("password")
    letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(rng.choice(letters) for _ in range(12))


def _true(value: object) -> bool:
    return str(value).lower() in _TRUE
