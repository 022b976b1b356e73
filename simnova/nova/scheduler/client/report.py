"""How Nova's services ask Placement (`nova/scheduler/client/report.py`): candidates, claims, allocations.

The half that keeps a compute node's provider up to date is in `providers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple, Protocol

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

LOG = getLogger(__name__)

SAME_SUBTREE_VERSION = "1.36"
CONSUMER_GENERATION_VERSION = "1.28"
GET_USAGES_VERSION = "1.9"


class ProviderAllocInfo(NamedTuple):
    """Who uses what of a provider, by consumer."""

    allocations: dict[str, Any]


class Candidates(NamedTuple):
    """Placement's answer to who could take a server; all None where it gave none."""

    allocation_requests: list[dict[str, Any]] | None
    provider_summaries: dict[str, Any] | None
    version: str | None


class Querystring(Protocol):
    """A request in Placement's terms, `ResourceRequest`."""

    def to_querystring(self) -> str:
        """The query of `GET /allocation_candidates`."""
        ...


class SchedulerReportClient(ProviderClient):
    """The client of all services that deal with Placement; a compute service's also has a cache."""

    async def get_allocation_candidates(
        self, context: RequestContext, resources: Querystring
    ) -> Candidates:
        """Who could take it: allocation requests, provider summaries, and the version they are for."""
        found = await self._get_allocation_candidates(context, resources)
        return found or Candidates(None, None, None)

    @safe_connect
    async def _get_allocation_candidates(
        self, context: RequestContext, resources: Querystring
    ) -> Candidates | None:
        url = f"/allocation_candidates?{resources.to_querystring()}"
        response = await self._client.get(context, url, SAME_SUBTREE_VERSION)
        if response.status == 200:
            body = response.body
            return Candidates(
                body["allocation_requests"], body["provider_summaries"], SAME_SUBTREE_VERSION
            )
        LOG.error(
            "Failed to retrieve allocation candidates from placement API for filters: %s\n"
            "Got %d: %s.",
            *(resources, response.status, text(response)),
        )
        return None

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

    async def get_usages_counts_for_quota(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, dict[str, int]]:
        """Cores and RAM in use by a project, and by one user of it; raises `UsagesRetrievalFailed`."""
        counts = {"project": await self._cores_and_ram(context, project_id, None)}
        if user_id:
            counts["user"] = await self._cores_and_ram(context, project_id, user_id)
        return counts

    async def _cores_and_ram(
        self, context: RequestContext, project_id: str, user_id: str | None
    ) -> dict[str, int]:
        url = f"/usages?project_id={project_id}" + (f"&user_id={user_id}" if user_id else "")
        response = await self._client.get(context, url, GET_USAGES_VERSION)
        if not response:
            raise exception.UsagesRetrievalFailed(project_id=project_id, user_id=user_id or "N/A")
        used = response.body["usages"]
        cores = used.get("VCPU", 0) + used.get("PCPU", 0)
        return {"cores": cores, "ram": used.get("MEMORY_MB", 0)}

    # --- claims -----------------------------------------------------------------------------------------------

    async def claim_resources(
        self,
        context: RequestContext,
        consumer_uuid: str,
        alloc_request: Mapping[str, Any],
        project_id: str | None,
        user_id: str | None,
        allocation_request_version: str | None = None,
        consumer_generation: int | None = None,
    ) -> bool:
        """Claim an allocation request for a server; False where it does not fit (any more).

        A consumer that has allocations already is being evacuated: both hosts are claimed then. Raises
        `AllocationUpdateFailed` where somebody else changed the consumer.
        """
        payload = {**deepcopy(dict(alloc_request)), "project_id": project_id, "user_id": user_id}
        version = allocation_request_version or CONSUMER_GENERATION_VERSION
        claimed = await self._claim(context, consumer_uuid, payload, version, consumer_generation)
        return bool(claimed)

    @safe_connect
    @retries
    async def _claim(
        self,
        context: RequestContext,
        consumer: str,
        request: dict[str, Any],
        version: str,
        generation: int | None,
    ) -> bool:
        url = f"/allocations/{consumer}"
        present = await self._client.get(context, url, CONSUMER_GENERATION_VERSION)
        payload = {**request, "consumer_generation": generation}
        if present.status == 200 and present.body["allocations"]:
            generation = request.get("consumer_generation", present.body["consumer_generation"])
            payload = _both_hosts(present.body["allocations"], request, generation)
        response = await self._put_allocations(context, consumer, payload, version)
        self._raise_if_too_late(response, "claim_resources", consumer)
        return response.status == 204

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

    # --- moves ------------------------------------------------------------------------------------------------

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


def _both_hosts(
    present: Mapping[str, Any], request: Mapping[str, Any], generation: int
) -> dict[str, Any]:
    """The claim of an evacuation: what the server has on the lost host, and the new host."""
    claimed = {uuid: {"resources": part["resources"]} for uuid, part in present.items()}
    added = {uuid: part for uuid, part in request["allocations"].items() if uuid not in claimed}
    return {
        "allocations": {**claimed, **added},
        "project_id": request["project_id"],
        "user_id": request["user_id"],
        "consumer_generation": generation,
    }


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


def _not_deleted(
    response: Response, uuid: str, consumer_type: str
) -> exception.AllocationDeleteFailed:
    LOG.warning(
        "Unable to delete allocation for %s %s: (%i %s)",
        *(consumer_type, uuid, response.status, error_of(response).get("detail", "")),
    )
    return exception.AllocationDeleteFailed(consumer_uuid=uuid, error=text(response))
