"""The compute RPC API's half about moves (`nova/compute/rpcapi.py`).

The later steps of a move go to the second server of nova-compute, topic `compute-alt`, which a graceful shutdown
leaves running until they are done (since 33.0.0).
"""

from __future__ import annotations

from typing import Any

from simnova.messaging.rpc import RPCClient, Target
from simnova.nova.context import Place, RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.rpc import ClientRouter

__door__ = True

TOPIC = "compute"
TOPIC_ALT = "compute-alt"


class Base:
    """How a host's nova-compute is reached, on the bus of the cell at which the context is targeted."""

    def __init__(self, place: Place, timeout: float, long_timeout: float = 1800.0) -> None:
        self.timeout, self.long_timeout = timeout, long_timeout
        self.router = ClientRouter(place, Target(TOPIC, version="6.5"), timeout)
        self.router_alt = ClientRouter(place, Target(TOPIC_ALT, version="6.5"), timeout)

    async def _cast(
        self, context: RequestContext, host: str | None, method: str, **kwargs: Any
    ) -> None:
        await self._to(context, host, False).cast(context, method, **kwargs)

    async def _cast_alt(
        self, context: RequestContext, host: str | None, method: str, **kwargs: Any
    ) -> None:
        await self._to(context, host, True).cast(context, method, **kwargs)

    async def _call(
        self, context: RequestContext, host: str | None, method: str, **kwargs: Any
    ) -> Any:
        return await self._to(context, host, False).call(context, method, **kwargs)

    async def _long_call(
        self,
        context: RequestContext,
        host: str | None,
        method: str,
        *,
        alt: bool = False,
        **kwargs: Any,
    ) -> Any:
        """A call that may take `long_rpc_timeout` seconds, as long as the server gives signs of life."""
        client = self._to(context, host, alt).prepare(
            timeout=self.long_timeout, call_monitor_timeout=self.timeout
        )
        return await client.call(context, method, **kwargs)

    def _to(self, context: RequestContext, host: str | None, alt: bool) -> RPCClient:
        router = self.router_alt if alt else self.router
        return router.client(context).prepare(server=host)


class MoveAPI(Base):
    """What hosts ask of each other, and the conductor and the API of them, while a server moves."""

    # --- resize and cold migration ----------------------------------------------------------------------------

    async def prep_resize(self, context: RequestContext, host: str, **kwargs: Any) -> None:
        """Cast to the destination: claim what the server needs, then tell the source."""
        await self._cast(context, host, "prep_resize", **kwargs)

    async def resize_instance(
        self, context: RequestContext, instance: Instance, **kwargs: Any
    ) -> None:
        """Cast to the source: power the guest off and move its disk."""
        await self._cast_alt(context, instance.host, "resize_instance", instance=instance, **kwargs)

    async def finish_resize(self, context: RequestContext, host: str, **kwargs: Any) -> None:
        """Cast to the destination: make the guest of the disk that has come."""
        await self._cast_alt(context, host, "finish_resize", **kwargs)

    async def confirm_resize(
        self, context: RequestContext, instance: Instance, migration: Migration, cast: bool = True
    ) -> None:
        """Cast to the source: remove what the server has left there. A call where the server is being deleted."""
        ask = self._cast if cast else self._long_call
        await ask(
            context,
            migration.source_compute,
            "confirm_resize",
            instance=instance,
            migration=migration,
        )

    async def revert_resize(
        self, context: RequestContext, instance: Instance, migration: Migration, request_spec: Any
    ) -> None:
        """Cast to the destination: remove the guest there, then have the source take it back."""
        await self._cast(
            context,
            migration.dest_compute,
            "revert_resize",
            instance=instance,
            migration=migration,
            request_spec=request_spec,
        )

    async def finish_revert_resize(
        self, context: RequestContext, instance: Instance, migration: Migration, request_spec: Any
    ) -> None:
        """Cast to the source: start the guest that it was."""
        await self._cast_alt(
            context,
            migration.source_compute,
            "finish_revert_resize",
            instance=instance,
            migration=migration,
            request_spec=request_spec,
        )

    # --- live migration ---------------------------------------------------------------------------------------

    async def check_can_live_migrate_destination(
        self, context: RequestContext, host: str, **kwargs: Any
    ) -> dict[str, Any]:
        """Call: whether that host can take the running server; it asks the source in its turn."""
        method = "check_can_live_migrate_destination"
        found: dict[str, Any] = await self._long_call(context, host, method, **kwargs)
        return found

    async def check_can_live_migrate_source(
        self, context: RequestContext, instance: Instance, dest_check_data: dict[str, Any]
    ) -> dict[str, Any]:
        """Call: whether its own host can send the server there."""
        found: dict[str, Any] = await self._call(
            context,
            instance.host,
            "check_can_live_migrate_source",
            instance=instance,
            dest_check_data=dest_check_data,
        )
        return found

    async def live_migration(self, context: RequestContext, host: str, **kwargs: Any) -> None:
        """Cast to the source: send the running server to its destination."""
        await self._cast_alt(context, host, "live_migration", **kwargs)

    async def pre_live_migration(
        self, context: RequestContext, host: str, **kwargs: Any
    ) -> dict[str, Any]:
        """Call to the destination: get ready for the server."""
        found: dict[str, Any] = await self._long_call(
            context, host, "pre_live_migration", alt=True, **kwargs
        )
        return found

    async def post_live_migration_at_destination(
        self, context: RequestContext, instance: Instance, block_migration: Any, host: str
    ) -> None:
        """Call to the destination: the server runs there now, it is yours."""
        await self._long_call(
            context,
            host,
            "post_live_migration_at_destination",
            alt=True,
            instance=instance,
            block_migration=block_migration,
        )

    async def rollback_live_migration_at_destination(
        self, context: RequestContext, host: str, **kwargs: Any
    ) -> None:
        """Cast to the destination: the server does not come, remove what was made ready."""
        method = "rollback_live_migration_at_destination"
        await self._cast_alt(context, host, method, **kwargs)

    async def live_migration_force_complete(
        self, context: RequestContext, instance: Instance
    ) -> None:
        """Cast to the source: end the migration by force."""
        method = "live_migration_force_complete"
        await self._cast(context, instance.host, method, instance=instance)

    async def live_migration_abort(
        self, context: RequestContext, instance: Instance, migration_id: int | None
    ) -> None:
        """Cast to the source: call the migration off."""
        await self._cast(
            context,
            instance.host,
            "live_migration_abort",
            instance=instance,
            migration_id=migration_id,
        )

    # --- evacuation -------------------------------------------------------------------------------------------

    async def rebuild_instance(self, context: RequestContext, host: str, **kwargs: Any) -> None:
        """Cast: make the server anew, on its own host or, where that is lost, on this one."""
        await self._cast(context, host, "rebuild_instance", **kwargs)
