"""How Nova's services ask Placement (`nova/scheduler/client/report.py`): candidates, claims, allocations.

What consumers hold is in `consumers`, how it moves in `moves`, a compute node's own provider in `providers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Protocol

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.migration import EVACUATION, Migration
from simnova.nova.scheduler.client.candidates import Candidates
from simnova.nova.scheduler.client.connect import retries, safe_connect, text
from simnova.nova.scheduler.client.consumers import CONSUMER_GENERATION_VERSION, ProviderAllocInfo
from simnova.nova.scheduler.client.moves import MoveClient

__all__ = ["Candidates", "ProviderAllocInfo", "SchedulerReportClient"]

LOG = getLogger(__name__)

SAME_SUBTREE_VERSION = "1.36"
GET_USAGES_VERSION = "1.9"


class Querystring(Protocol):
    """A request in Placement's terms, `ResourceRequest`."""

    def to_querystring(self) -> str:
        """The query of `GET /allocation_candidates`."""
        ...


class SchedulerReportClient(MoveClient):
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
            body = response.skimmed
            return Candidates(
                body["allocation_requests"], body["provider_summaries"], SAME_SUBTREE_VERSION
            )
        LOG.error(
            "Failed to retrieve allocation candidates from placement API for filters: %s\n"
            "Got %d: %s.",
            *(resources, response.status, text(response)),
        )
        return None

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
        payload = request
        if present.status == 200 and present.body["allocations"]:
            generation = request.get("consumer_generation", present.body["consumer_generation"])
            payload = _both_hosts(present.body["allocations"], request)
        if _at_least(version, CONSUMER_GENERATION_VERSION):
            payload = {**payload, "consumer_generation": generation}
        response = await self._put_allocations(context, consumer, payload, version)
        self._raise_if_too_late(response, "claim_resources", consumer)
        return response.status == 204

    async def delete_compute_node(self, context: RequestContext, node: ComputeNode) -> None:
        """Delete a compute node's provider, and first what servers that were evacuated from it still hold there.

        In Nova `delete_resource_provider` with `cascade`; that no server is on the host the caller has made sure.
        """
        left = {"source_compute": node.host, "status": "done", "migration_type": EVACUATION}
        for evacuation in await Migration.get_by_filters(context, left):
            if not await self.remove_provider_tree_from_instance_allocation(
                context, str(evacuation.instance_uuid), str(node.uuid)
            ):
                LOG.error(
                    "Failed to clean allocation of evacuated instance %s on the source node %s",
                    *(evacuation.instance_uuid, node.uuid),
                )
        await self.delete_resource_provider(context, str(node.uuid))

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


def _at_least(version: str, least: str) -> bool:
    """Whether one microversion is another or newer."""
    return tuple(map(int, version.split("."))) >= tuple(map(int, least.split(".")))


def _both_hosts(present: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """The claim of an evacuation: what the server has on the lost host, and the new host."""
    LOG.debug("Doubling-up allocation_request for move operation. Current allocations: %s", present)
    claimed = {uuid: {"resources": part["resources"]} for uuid, part in present.items()}
    added = {uuid: part for uuid, part in request["allocations"].items() if uuid not in claimed}
    both = {"allocations": {**claimed, **added}}
    LOG.debug(
        "New allocation_request containing both source and destination hosts in move operation: %s",
        both,
    )
    return {**both, "project_id": request["project_id"], "user_id": request["user_id"]}
