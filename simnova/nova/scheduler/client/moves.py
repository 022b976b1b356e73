"""The report client's half about moves: allocations that go from one consumer to another, or change in part.

Of `nova/scheduler/client/report.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from simnova.messaging.rest import Response
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.scheduler.client.connect import (
    Retry,
    error_of,
    is_concurrent_update,
    is_consumer_conflict,
    retries,
    safe_connect,
    text,
)
from simnova.nova.scheduler.client.consumers import CONSUMER_GENERATION_VERSION, ConsumerClient

LOG = getLogger("nova.scheduler.client.report")

Resources = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Amounts by resource class, under `resources`, by provider."""


class MoveClient(ConsumerClient):
    """Moves what a consumer holds to another, adds to it and takes from it."""

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

    async def add_resources_to_instance_allocation(
        self, context: RequestContext, consumer_uuid: str, resources: Resources
    ) -> None:
        """Add resources, by provider, to what a consumer has; raises `AllocationUpdateFailed`."""
        if resources and not await self._add_resources(context, consumer_uuid, resources):
            raise exception.AllocationUpdateFailed(
                consumer_uuid=consumer_uuid,
                error=f"Cannot add resources {resources} to the allocation due to multiple "
                "successive generation conflicts in placement.",
            )

    @retries
    async def _add_resources(
        self, context: RequestContext, consumer: str, resources: Resources
    ) -> bool:
        current = await self.get_allocs_for_consumer(context, consumer)
        for rp_uuid, added in resources.items():
            part = current["allocations"].setdefault(rp_uuid, {"resources": {}})["resources"]
            for name, amount in added["resources"].items():
                part[name] = part.get(name, 0) + amount
        what = f"cannot add resources {resources} to the current allocation {current}"
        await self._put_changed(context, consumer, current, "_add_resources", what)
        return True

    async def remove_resources_from_instance_allocation(
        self, context: RequestContext, consumer_uuid: str, resources: Resources
    ) -> None:
        """Take resources, by provider, from what a consumer has.

        Raises `AllocationUpdateFailed` where it does not have that much, or always changes in between.
        """
        if resources and not await self._remove_resources(context, consumer_uuid, resources):
            raise exception.AllocationUpdateFailed(
                consumer_uuid=consumer_uuid,
                error=f"Cannot remove resources {resources} from the allocation due to multiple "
                "successive generation conflicts in placement. To clean up the leaked resource "
                "allocation you can use nova-manage placement audit.",
            )

    @retries
    async def _remove_resources(
        self, context: RequestContext, consumer: str, resources: Resources
    ) -> bool:
        current = await self.get_allocs_for_consumer(context, consumer)
        kept = _less(current, resources, consumer)
        what = f"cannot remove resources {resources} from the current allocation {kept}"
        await self._put_changed(
            context, consumer, kept, "remove_resources_from_instance_allocation", what
        )
        return True

    async def _put_changed(
        self,
        context: RequestContext,
        consumer: str,
        payload: Mapping[str, Any],
        operation: str,
        what: str,
    ) -> None:
        response = await self._put_allocations(context, consumer, payload)
        if response.status == 204:
            return
        if is_concurrent_update(response):
            raise Retry(
                operation,
                "another process changed the resource providers or the consumer involved in our "
                f"attempt to update allocations for consumer {consumer} so we {what}",
            )
        raise exception.AllocationUpdateFailed(
            consumer_uuid=consumer, error=error_of(response).get("detail", "")
        )


def _less(current: Mapping[str, Any], resources: Resources, consumer: str) -> dict[str, Any]:
    """What a consumer has without these resources; providers of which nothing is left go too."""
    if not current["allocations"]:
        raise _cannot_remove(resources, current, consumer, "The allocation is empty.")
    kept = deepcopy(dict(current))
    for rp_uuid, removed in resources.items():
        for name, amount in removed["resources"].items():
            try:
                part = kept["allocations"][rp_uuid]["resources"]
                part[name] -= amount
            except KeyError as error:
                reason = f"Key {error} is missing from the allocation."
                raise _cannot_remove(resources, current, consumer, reason) from None
            if part[name] < 0:
                reason = (
                    f"There are not enough allocated resources left on {rp_uuid} resource provider "
                    f"to remove {amount} amount of {name} resources."
                )
                raise _cannot_remove(resources, kept, consumer, reason)
    return {**kept, "allocations": _without_zeros(kept["allocations"])}


def _without_zeros(allocations: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        rp_uuid: {**part, "resources": {k: v for k, v in part["resources"].items() if v}}
        for rp_uuid, part in allocations.items()
    }
    return {rp_uuid: part for rp_uuid, part in found.items() if part["resources"]}


def _cannot_remove(
    resources: Resources, current: Mapping[str, Any], consumer: str, reason: str
) -> exception.AllocationUpdateFailed:
    return exception.AllocationUpdateFailed(
        consumer_uuid=consumer,
        error=f"Cannot remove resources {resources} from allocation {current}. {reason}",
    )


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
