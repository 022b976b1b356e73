"""The conductor (`nova/conductor/manager.py`): the database's doorkeeper for the computes."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import Target, expected_exceptions
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import REGISTRY, NovaObject


class ConductorManager:
    """Runs the methods of objects for services that have no database of their own.

    What they raise is the caller's to tell, not the conductor's log's (`_object_dispatch`).
    """

    target = Target(version="3.0")

    @expected_exceptions(Exception)
    async def object_action(
        self,
        context: RequestContext,
        objinst: NovaObject,
        objmethod: str,
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> tuple[dict[str, Any], Any]:
        """Run a method of an object; returns the fields that it changed and its answer."""
        before = objinst.values()
        result = await getattr(objinst, objmethod)(*args, **kwargs)
        changed = {name: value for name, value in objinst.values().items() if before[name] != value}
        return changed, result

    @expected_exceptions(Exception)
    async def object_class_action_versions(
        self,
        context: RequestContext,
        objname: str,
        objmethod: str,
        object_versions: dict[str, str],
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run a class method of an object."""
        return await getattr(REGISTRY[objname], objmethod)(context, *args, **kwargs)
