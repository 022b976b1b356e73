"""Lock, unlock, reset of a server's state."""

from __future__ import annotations

from simnova.nova.api.actions.registry import Asked, action
from simnova.nova.api.policy import require_admin


@action("lock", "lock", "os-lock-server:lock", schemas={(2, 73): "actions.lock_2_73"})
async def lock(asked: Asked) -> None:
    """Keep everyone but an administrator from changing it."""
    reason = None
    if asked.version >= (2, 73) and asked.value is not None:
        reason = asked.value.get("locked_reason")
    await asked.api.lock(asked.context, asked.instance, reason)


@action("unlock", "unlock", "os-lock-server:unlock", schemas={(2, 73): "actions.unlock_2_73"})
async def unlock(asked: Asked) -> None:
    """Take the lock off; an administrator's lock is an administrator's to take off."""
    if not asked.api.is_expected_locked_by(asked.context, asked.instance):
        require_admin(asked.context, "os_compute_api:os-lock-server:unlock:unlock_override")
    await asked.api.unlock(asked.context, asked.instance)


@action(
    "os-resetState",
    "os-resetState",
    "os-admin-actions:reset_state",
    admin=True,
    schemas={(2, 1): "actions.reset_state"},
)
async def reset_state(asked: Asked) -> None:
    """Have the database say that it is active, or in error."""
    await asked.api.reset_state(asked.context, asked.instance, asked.value["state"])
