"""What the report client reads of providers (`nova/scheduler/client/report.py`)."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

from simnova.messaging.rest import ConnectFailure, Response, Rest
from simnova.nova import exception
from simnova.nova.adapter import Adapter
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.scheduler.client.connect import text

LOG = getLogger("nova.scheduler.client.report")

AGGREGATE_GENERATION_VERSION = "1.19"
NESTED_PROVIDER_VERSION = "1.14"


class AggInfo(NamedTuple):
    """A provider's aggregates, and its generation then."""

    aggregates: set[str]
    generation: int


class TraitInfo(NamedTuple):
    """A provider's traits, and its generation then."""

    traits: set[str]
    generation: int


class ProviderReader:
    """Asks Placement about providers."""

    def __init__(self, rest: Rest) -> None:
        self.clock = rest.clock
        self._client = Adapter(rest, "placement")

    async def get_providers_in_tree(
        self, context: RequestContext, uuid: str
    ) -> list[dict[str, Any]]:
        """The providers of a tree; none where there is no such provider."""
        url = f"/resource_providers?in_tree={uuid}"
        response = await self._client.get(context, url, NESTED_PROVIDER_VERSION)
        if response.status == 200:
            return list(response.body["resource_providers"])
        LOG.error(
            "Failed to retrieve resource provider tree from placement API for UUID %s. Got %d: %s.",
            *(uuid, response.status, text(response)),
        )
        raise exception.ResourceProviderRetrievalFailed(uuid=uuid)

    async def get_provider_traits(self, context: RequestContext, rp_uuid: str) -> TraitInfo:
        """A provider's traits; raises `ResourceProviderTraitRetrievalFailed`."""
        response = await self._client.get(context, f"/resource_providers/{rp_uuid}/traits", "1.6")
        if response.status != 200:
            raise exception.ResourceProviderTraitRetrievalFailed(uuid=rp_uuid)
        body = response.body
        return TraitInfo(set(body["traits"]), body["resource_provider_generation"])

    async def get_provider_aggregates(self, context: RequestContext, rp_uuid: str) -> AggInfo:
        """A provider's aggregates; raises `ResourceProviderAggregateRetrievalFailed`."""
        url = f"/resource_providers/{rp_uuid}/aggregates"
        response = await self._client.get(context, url, AGGREGATE_GENERATION_VERSION)
        if response.status != 200:
            raise exception.ResourceProviderAggregateRetrievalFailed(uuid=rp_uuid)
        body = response.body
        return AggInfo(set(body["aggregates"]), body["resource_provider_generation"])

    async def get_provider_by_name(self, context: RequestContext, name: str) -> dict[str, Any]:
        """The provider of that name; raises `ResourceProviderNotFound`, `PlacementAPIConnectFailure`."""
        try:
            response = await self._client.get(context, f"/resource_providers?name={quote(name)}")
        except ConnectFailure:
            raise exception.PlacementAPIConnectFailure() from None
        found: list[dict[str, Any]] = response.body["resource_providers"] if response else []
        if len(found) != 1:
            raise exception.ResourceProviderNotFound(name_or_uuid=name)
        return found[0]


def request_id(response: Response) -> str | None:
    """The id that Placement gave the request."""
    return response.headers.get("x-openstack-request-id")
