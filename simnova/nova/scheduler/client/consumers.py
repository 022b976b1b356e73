"""The report client's half about consumers: what servers and migrations hold, written and given back.

Of `nova/scheduler/client/report.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from simnova.messaging.rest import ConnectFailure, Response
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
from simnova.nova.scheduler.client.providers import ProviderClient

LOG = getLogger("nova.scheduler.client.report")

CONSUMER_GENERATION_VERSION = "1.28"


class ProviderAllocInfo(NamedTuple):
    """Who uses what of a provider, by consumer."""

    allocations: dict[str, Any]


class ConsumerClient(ProviderClient):
    """Asks Placement what consumers use, and changes it."""

    # --- what a consumer uses ---------------------------------------------------------------------------------

    async def get_allocs_for_consumer(
        self, context: RequestContext, consumer: str
    ) -> dict[str, Any]:
        """A consumer's allocations with its generation; raises `ConsumerAllocationRetrievalFailed`."""
        url = f"/allocations/{consumer}"
        response = await self._client.get(context, url, CONSUMER_GENERATION_VERSION)
        if not response:
            raise exception.ConsumerAllocationRetrievalFailed(
                consumer_uuid=consumer, error=text(response)
            )
        return dict(response.body)

    async def get_allocations_for_consumer(
        self, context: RequestContext, consumer: str
    ) -> dict[str, Any] | None:
        """A consumer's allocations alone; None where Placement does not answer, empty where it refuses."""
        try:
            return dict((await self.get_allocs_for_consumer(context, consumer))["allocations"])
        except ConnectFailure as error:
            LOG.warning(
                "Failed to get allocations for consumer %(consumer)s: %(error)s",
                {"consumer": consumer, "error": error},
            )
            return None
        except exception.ConsumerAllocationRetrievalFailed as error:
            LOG.warning(str(error))
            return {}

    async def get_allocations_for_resource_provider(
        self, context: RequestContext, rp_uuid: str
    ) -> ProviderAllocInfo:
        """Who uses a provider; raises `ResourceProviderAllocationRetrievalFailed`."""
        response = await self._client.get(context, f"/resource_providers/{rp_uuid}/allocations")
        if not response:
            raise exception.ResourceProviderAllocationRetrievalFailed(
                rp_uuid=rp_uuid, error=text(response)
            )
        return ProviderAllocInfo(response.body["allocations"])

    def _raise_if_too_late(self, response: Response, operation: str, consumer: str) -> None:
        if response.status == 204 or not is_concurrent_update(response):
            return
        if is_consumer_conflict(response):
            reason = (
                f"another process changed the consumer {consumer} after the report client read "
                "the consumer state during the claim "
            )
            raise exception.AllocationUpdateFailed(consumer_uuid=consumer, error=reason)
        raise Retry(
            operation,
            "another process changed the resource providers involved in our attempt to put "
            f"allocations for consumer {consumer}",
        )

    async def _put_allocations(
        self,
        context: RequestContext,
        consumer: str,
        payload: Mapping[str, Any],
        version: str = CONSUMER_GENERATION_VERSION,
    ) -> Response:
        url = f"/allocations/{consumer}"
        response = await self._client.put(context, url, payload, version)
        if response.status != 204:
            LOG.warning(
                "Failed to save allocation for %s. Got HTTP %s: %s",
                *(consumer, response.status, text(response)),
            )
        return response

    @retries
    async def put_allocations(
        self, context: RequestContext, consumer_uuid: str, payload: Mapping[str, Any]
    ) -> bool:
        """Write a consumer's allocations as they are given; raises `AllocationUpdateFailed`."""
        try:
            response = await self._put_allocations(context, consumer_uuid, payload)
        except ConnectFailure:
            raise exception.PlacementAPIConnectFailure() from None
        self._raise_if_too_late(response, "put_allocations", consumer_uuid)
        return response.status == 204

    # --- the end ----------------------------------------------------------------------------------------------

    async def delete_allocation_for_instance(
        self,
        context: RequestContext,
        uuid: str,
        consumer_type: str = "instance",
        force: bool = False,
    ) -> bool | None:
        """Take everything from a server or a migration; None where Placement does not answer.

        False where it had nothing. Without `force` the consumer must not have changed since it was read. Raises
        `AllocationDeleteFailed`.
        """
        if force:
            return await self._delete_by_force(context, uuid, consumer_type)
        return await self._delete_by_generation(context, uuid, consumer_type)

    @safe_connect
    async def _delete_by_force(
        self, context: RequestContext, uuid: str, consumer_type: str
    ) -> bool:
        response = await self._client.delete(context, f"/allocations/{uuid}")
        if response:
            LOG.info("Deleted allocations for %s %s", consumer_type, uuid)
            return True
        if response.status == 404:
            return False
        raise _not_deleted(response, uuid, consumer_type)

    @safe_connect
    async def _delete_by_generation(
        self, context: RequestContext, uuid: str, consumer_type: str
    ) -> bool:
        url = f"/allocations/{uuid}"
        present = await self._client.get(context, url, CONSUMER_GENERATION_VERSION)
        if not present:
            raise _not_deleted(present, uuid, consumer_type)
        if not present.body["allocations"]:
            LOG.debug(
                "Cannot delete allocation for %s consumer in placement as consumer does not exist",
                uuid,
            )
            return False
        body = {**present.body, "allocations": {}}
        response = await self._client.put(context, url, body, CONSUMER_GENERATION_VERSION)
        if response.status != 204:
            raise _not_deleted(response, uuid, consumer_type)
        LOG.info("Deleted allocation for %s %s", consumer_type, uuid)
        return True


def _not_deleted(
    response: Response, uuid: str, consumer_type: str
) -> exception.AllocationDeleteFailed:
    LOG.warning(
        "Unable to delete allocation for %s %s: (%i %s)",
        *(consumer_type, uuid, response.status, error_of(response).get("detail", "")),
    )
    return exception.AllocationDeleteFailed(consumer_uuid=uuid, error=text(response))
