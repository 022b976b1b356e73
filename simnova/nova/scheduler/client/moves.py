"""The report client's half about moves: allocations that go from one consumer to another, or change in part.

Of `nova/scheduler/client/report.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.messaging.rest import Response
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.scheduler.client.connect import (
    Retry,
    is_concurrent_update,
    is_consumer_conflict,
    retries,
    safe_connect,
    text,
)
from simnova.nova.scheduler.client.consumers import CONSUMER_GENERATION_VERSION, ConsumerClient

LOG = getLogger("nova.scheduler.client.report")


class MoveClient(ConsumerClient):
    """Moves what a consumer holds to another, or takes from it what it has on one host."""

    async def move_allocations(
        self, context: RequestContext, source_consumer_uuid: str, target_consumer_uuid: str
    ) -> bool:
        """Give one consumer's allocations to another, a server's to its migration or back.

        Raises `AllocationMoveFailed` where one of them changed in the meantime.
        """
        return bool(await self._move(context, source_consumer_uuid, target_consumer_uuid))

    @safe_connect
    @retries
    async def _move(self, context: RequestContext, source: str, target: str) -> bool:
        source_alloc = await self.get_allocs_for_consumer(context, source)
        target_alloc = await self.get_allocs_for_consumer(context, target)
        if target_alloc["allocations"] and not source_alloc["allocations"]:
            LOG.info(
                "Allocations not found for consumer %s; assuming they were already moved to "
                "consumer %s",
                *(source, target),
            )
            return True
        if target_alloc["allocations"]:
            LOG.debug(
                "Overwriting current allocation %(allocation)s on consumer %(consumer)s",
                {"allocation": target_alloc, "consumer": target},
            )
        body = _moved(source, source_alloc, target, target_alloc)
        response = await self._client.post(
            context, "/allocations", body, CONSUMER_GENERATION_VERSION
        )
        if response.status != 204:
            self._not_moved(response, source, target)
        return response.status == 204

    def _not_moved(self, response: Response, source: str, target: str) -> None:
        if is_concurrent_update(response) and is_consumer_conflict(response):
            raise exception.AllocationMoveFailed(
                source_consumer=source, target_consumer=target, error=text(response)
            )
        if is_concurrent_update(response):
            raise Retry(
                "move_allocations",
                "another process changed the resource providers involved in our attempt to post "
                f"allocations for consumer {target}",
            )
        LOG.warning(
            "Unable to post allocations for consumer %s (%i %s)",
            *(target, response.status, text(response)),
        )

    async def remove_provider_tree_from_instance_allocation(
        self, context: RequestContext, consumer_uuid: str, root_rp_uuid: str
    ) -> bool:
        """Take from a consumer what it has on one host, as after an evacuation."""
        present = await self.get_allocs_for_consumer(context, consumer_uuid)
        if not present["allocations"]:
            LOG.error("Expected to find current allocations for %s, but found none.", consumer_uuid)
            return False
        tree = [rp["uuid"] for rp in await self.get_providers_in_tree(context, root_rp_uuid)]
        kept = {uuid: part for uuid, part in present["allocations"].items() if uuid not in tree}
        if len(kept) == len(present["allocations"]):
            LOG.warning(
                "Expected to find allocations referencing resource provider tree rooted at %s for "
                "%s, but found none.",
                *(root_rp_uuid, consumer_uuid),
            )
            return True
        payload = {**present, "allocations": kept}
        response = await self._put_allocations(context, consumer_uuid, payload)
        return response.status == 204


def _moved(
    source: str, source_alloc: Mapping[str, Any], target: str, target_alloc: Mapping[str, Any]
) -> dict[str, Any]:
    who = {"project_id": source_alloc["project_id"], "user_id": source_alloc["user_id"]}
    return {
        source: {
            "allocations": {},
            **who,
            "consumer_generation": source_alloc["consumer_generation"],
        },
        target: {
            "allocations": source_alloc["allocations"],
            **who,
            "consumer_generation": target_alloc.get("consumer_generation"),
        },
    }
