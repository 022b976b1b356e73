"""Client side of the conductor's RPC API (`nova/conductor/rpcapi.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import Target
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.base import NovaObject
from simnova.nova.objects.instance import Instance
from simnova.nova.rpc import get_client

__door__ = True

TOPIC = "conductor"


class ConductorAPI:
    """Objects' methods run at the conductor: the database for services that have none. All are calls.

    It is the conductor of the service's own bus, whichever cell the context is targeted at.
    """

    def __init__(self, place: Place, timeout: float) -> None:
        self.client = get_client(place, Target(TOPIC, version="3.0"), timeout)

    async def object_action(
        self,
        context: RequestContext,
        objinst: NovaObject,
        objmethod: str,
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> tuple[dict[str, Any], Any]:
        """Run a method of this object there; returns what it changed and what it answered."""
        client = self.client
        updates, result = await client.call(
            context, "object_action", objinst=objinst, objmethod=objmethod, args=args, kwargs=kwargs
        )
        return updates, result

    async def object_class_action_versions(
        self,
        context: RequestContext,
        objname: str,
        objmethod: str,
        object_versions: dict[str, str],
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run a class method of an object there: loading, mostly."""
        return await self.client.call(
            context,
            "object_class_action_versions",
            objname=objname,
            objmethod=objmethod,
            object_versions=object_versions,
            args=args,
            kwargs=kwargs,
        )


class ComputeTaskAPI:
    """The long tasks that the conductor leads. All are casts but one (namespace compute_task).

    nova-api asks the super conductor so, nova-compute the one of its cell.
    """

    def __init__(self, place: Place, timeout: float, long_timeout: float = 1800.0) -> None:
        self.timeout, self.long_timeout = timeout, long_timeout
        target = Target(TOPIC, version="1.25", namespace="compute_task")
        self.client = get_client(place, target, timeout)

    async def schedule_and_build_instances(self, context: RequestContext, **kwargs: Any) -> None:
        """Find hosts for new servers and have them built there."""
        await self.client.cast(context, "schedule_and_build_instances", **kwargs)

    async def build_instances(self, context: RequestContext, **kwargs: Any) -> None:
        """A build has failed on one host: try the next alternate."""
        await self.client.cast(context, "build_instances", **kwargs)

    async def rebuild_instance(self, context: RequestContext, **kwargs: Any) -> None:
        """Have a server made anew on its host, or, where that is lost, on another."""
        await self.client.cast(context, "rebuild_instance", **kwargs)

    async def resize_instance(
        self, context: RequestContext, instance: Instance, **kwargs: Any
    ) -> None:
        """Find a host for a resize or a cold migration, or, with a `host_list`, try the next alternate."""
        more = {"live": False, "rebuild": False, "block_migration": None, "disk_over_commit": None}
        await self.client.cast(context, "migrate_server", instance=instance, **more, **kwargs)

    async def live_migrate_instance(
        self, context: RequestContext, instance: Instance, async_: bool = True, **kwargs: Any
    ) -> None:
        """Find a host that can take a running server; without `async_` a call, as it was before it had a name."""
        client = self.client
        if async_:
            await client.cast(context, "live_migrate_instance", instance=instance, **kwargs)
            return
        more = {"live": True, "rebuild": False, "flavor": None}
        client = client.prepare(timeout=self.long_timeout, call_monitor_timeout=self.timeout)
        await client.call(context, "migrate_server", instance=instance, **more, **kwargs)

    async def unshelve_instance(self, context: RequestContext, **kwargs: Any) -> None:
        """Bring a shelved server back."""
        await self.client.cast(context, "unshelve_instance", **kwargs)
