"""What undoes a soft delete, and what does not wait for it to end."""

from __future__ import annotations

from simnova.nova.api.actions.registry import Asked, action


@action("restore", "restore", "os-deferred-delete:restore")
async def restore(asked: Asked) -> None:
    """Bring it back."""
    await asked.api.restore(asked.context, asked.instance)


@action("forceDelete", "forceDelete", "os-deferred-delete:force")
async def force_delete(asked: Asked) -> None:
    """Delete it now."""
    await asked.api.force_delete(asked.context, asked.instance)
