"""The report client's half that keeps providers up to date in Placement (`nova/scheduler/client/report.py`).

A compute service has a cached tree of its providers; a request is made only for what has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnova.exceptions import NovaError
from simnova.messaging.rest import Response, Rest
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.scheduler.client.connect import error_of, safe_connect, text
from simnova.nova.scheduler.client.provider_tree import Inventories, ProviderTree
from simnova.nova.scheduler.client.reader import (
    AGGREGATE_GENERATION_VERSION,
    ProviderReader,
    request_id,
)

LOG = getLogger("nova.scheduler.client.report")

RESERVED_EQUAL_TOTAL_VERSION = "1.26"
POST_RPS_RETURNS_PAYLOAD_VERSION = "1.20"

_HELPER_ERRORS = (
    exception.InvalidResourceClass,
    exception.ResourceProviderAggregateRetrievalFailed,
    exception.ResourceProviderDeletionFailed,
    exception.ResourceProviderInUse,
    exception.ResourceProviderRetrievalFailed,
    exception.ResourceProviderTraitRetrievalFailed,
    exception.ResourceProviderUpdateFailed,
    exception.TraitCreationFailed,
    exception.TraitRetrievalFailed,
)


class ProviderClient(ProviderReader):
    """What a compute service tells Placement about itself; `refresh` is how old the cache may become, in seconds."""

    def __init__(self, rest: Rest, refresh: float = 300.0) -> None:
        super().__init__(rest)
        self.refresh = refresh
        self._provider_tree = ProviderTree()
        self._association_refresh_time: dict[str, float] = {}

    def invalidate_resource_provider(self, uuid: str) -> None:
        """Forget one provider."""
        self._provider_tree.remove(uuid)
        self._association_refresh_time.pop(uuid, None)

    # --- the cache --------------------------------------------------------------------------------------------

    async def get_provider_tree_and_ensure_root(
        self, context: RequestContext, rp_uuid: str, name: str | None = None
    ) -> ProviderTree:
        """A copy of the tree of a provider, which is created where Placement does not know it."""
        await self._ensure_resource_provider(context, rp_uuid, name)
        return self._provider_tree.copy()

    async def _ensure_resource_provider(
        self, context: RequestContext, uuid: str, name: str | None
    ) -> None:
        if self._provider_tree.exists(uuid) and not self._associations_stale(uuid):
            return
        found = await self.get_providers_in_tree(context, uuid)
        if not found:
            await self._create(context, uuid, name or uuid)
            return
        self._provider_tree.populate_from_iterable(found)
        for provider in found:
            await self._refresh_associations(context, provider["uuid"])

    async def _create(self, context: RequestContext, uuid: str, name: str) -> None:
        created = await self._create_resource_provider(context, uuid, name)
        if created is None:
            raise exception.ResourceProviderCreationFailed(name=name)
        self._provider_tree.populate_from_iterable([created])
        self._association_refresh_time[uuid] = self.clock.now

    @safe_connect
    async def _create_resource_provider(
        self, context: RequestContext, uuid: str, name: str
    ) -> dict[str, Any]:
        body = {"uuid": uuid, "name": name}
        response = await self._client.post(
            context, "/resource_providers", body, POST_RPS_RETURNS_PAYLOAD_VERSION
        )
        if response:
            LOG.info(
                "[%s] Created resource provider record via placement API for resource provider "
                "with UUID %s and name %s.",
                *(request_id(response), uuid, name),
            )
            return dict(response.body)
        LOG.error(
            "[%s] Failed to create resource provider record in placement API for UUID %s. "
            "Got %d: %s.",
            *(request_id(response), uuid, response.status, text(response)),
        )
        raise exception.ResourceProviderCreationFailed(name=name)

    def _associations_stale(self, uuid: str) -> bool:
        seen = self._association_refresh_time.get(uuid)
        if seen is None:
            return True
        return bool(self.refresh) and self.clock.now - seen > self.refresh

    async def _refresh_associations(self, context: RequestContext, rp_uuid: str) -> None:
        """Read a provider's inventories, aggregates and traits again."""
        response = await self._client.get(context, f"/resource_providers/{rp_uuid}/inventories")
        if response:
            self._take_inventory(rp_uuid, response)
        aggregates = await self.get_provider_aggregates(context, rp_uuid)
        self._provider_tree.update_aggregates(rp_uuid, *aggregates)
        traits = await self.get_provider_traits(context, rp_uuid)
        self._provider_tree.update_traits(rp_uuid, *traits)
        self._association_refresh_time[rp_uuid] = self.clock.now

    def _take_inventory(self, rp_uuid: str, response: Response) -> None:
        body = response.body
        generation = body["resource_provider_generation"]
        self._provider_tree.update_inventory(rp_uuid, body["inventories"], generation)

    # --- changes ----------------------------------------------------------------------------------------------

    async def update_compute_node(
        self,
        context: RequestContext,
        rp_uuid: str,
        name: str,
        inventory: Inventories,
        traits: Iterable[str],
        initial_ratios: Mapping[str, float] | None = None,
    ) -> None:
        """Bring a compute node's provider up to date, as the resource tracker's `_update_to_placement` does.

        A ratio that `inventory` leaves open (None or 0) stays as it is in Placement, where anybody may have set it.
        Where somebody else changed the provider in the meantime it is read and tried again, three times in all.
        Traits that others set (COMPUTE_STATUS_DISABLED, CUSTOM_*) stay.
        """
        wanted = set(traits)
        for attempt in range(3):
            tree = await self.get_provider_tree_and_ensure_root(context, rp_uuid, name)
            known = tree.data(rp_uuid).inventory
            tree.update_inventory(rp_uuid, _with_ratios(inventory, known, initial_ratios or {}))
            tree.update_traits(rp_uuid, wanted | _kept(tree.data(rp_uuid).traits))
            try:
                await self.update_from_provider_tree(context, tree)
                return
            except exception.ResourceProviderUpdateConflict:
                if attempt == 2:
                    raise

    async def update_from_provider_tree(
        self, context: RequestContext, new_tree: ProviderTree
    ) -> None:
        """Make in Placement what differs between the cache and `new_tree`.

        Raises `ResourceProviderUpdateConflict` where the cache was stale (it is dropped, try again), and
        `ResourceProviderSyncFailed` for any other refusal.
        """
        for uuid in reversed(new_tree.get_provider_uuids()):
            data = new_tree.data(uuid)
            try:
                await self.set_inventory_for_provider(context, uuid, data.inventory)
                await self.set_aggregates_for_provider(context, uuid, data.aggregates)
                await self.set_traits_for_provider(context, uuid, data.traits)
            except exception.ResourceProviderUpdateConflict:
                self.invalidate_resource_provider(uuid)
                raise
            except _HELPER_ERRORS as error:
                self.invalidate_resource_provider(uuid)
                raise exception.ResourceProviderSyncFailed() from error

    async def set_inventory_for_provider(
        self, context: RequestContext, rp_uuid: str, inv_data: Inventories
    ) -> None:
        """Set a provider's inventories, if they have changed.

        Raises `InventoryInUse` where what is to go is in use, `ResourceProviderUpdateConflict`.
        """
        if not self._provider_tree.has_inventory_changed(rp_uuid, inv_data):
            LOG.debug(
                "Inventory has not changed for provider %s based on inventory data: %s",
                *(rp_uuid, inv_data),
            )
            return
        await self._ensure_resource_classes(context, inv_data)
        body = {
            "resource_provider_generation": self._provider_tree.data(rp_uuid).generation,
            "inventories": inv_data,
        }
        url = f"/resource_providers/{rp_uuid}/inventories"
        response = await self._client.put(context, url, body, RESERVED_EQUAL_TOTAL_VERSION)
        if response.status == 200:
            self._take_inventory(rp_uuid, response)
            return
        if error_of(response).get("code") == "placement.inventory.inuse":
            raise exception.InventoryInUse(error_of(response)["detail"])
        raise self._refused(response, rp_uuid, url, "inventory", inv_data)

    async def set_traits_for_provider(
        self,
        context: RequestContext,
        rp_uuid: str,
        traits: Iterable[str],
        generation: int | None = None,
    ) -> None:
        """Set a provider's traits, if they have changed, making custom ones that are new."""
        wanted = sorted(traits)
        if set(wanted) == self._provider_tree.data(rp_uuid).traits:
            return
        await self._ensure_traits(context, wanted)
        if generation is None:
            generation = self._provider_tree.data(rp_uuid).generation
        url = f"/resource_providers/{rp_uuid}/traits"
        body = {"resource_provider_generation": generation, "traits": wanted}
        response = await self._client.put(context, url, body, "1.6")
        if response.status != 200:
            raise self._refused(response, rp_uuid, url, "traits", wanted)
        shown = response.body
        generation = shown["resource_provider_generation"]
        self._provider_tree.update_traits(rp_uuid, shown["traits"], generation)

    async def set_aggregates_for_provider(
        self, context: RequestContext, rp_uuid: str, aggregates: Iterable[str]
    ) -> None:
        """Put a provider of the cache into exactly these aggregates, if that changes anything."""
        wanted = set(aggregates)
        known = self._provider_tree.data(rp_uuid)
        if wanted != known.aggregates:
            generation = await self._put_aggregates(context, rp_uuid, wanted, known.generation)
            self._provider_tree.update_aggregates(rp_uuid, wanted, generation)

    async def _put_aggregates(
        self, context: RequestContext, rp_uuid: str, wanted: set[str], generation: int
    ) -> int:
        url = f"/resource_providers/{rp_uuid}/aggregates"
        body = {"aggregates": sorted(wanted), "resource_provider_generation": generation}
        response = await self._client.put(context, url, body, AGGREGATE_GENERATION_VERSION)
        if response.status == 200:
            return int(response.body["resource_provider_generation"])
        if response.status == 409:
            self.invalidate_resource_provider(rp_uuid)
        raise self._refused(response, rp_uuid, url, "aggregates", sorted(wanted), generation)

    async def _ensure_resource_classes(self, context: RequestContext, names: Iterable[str]) -> None:
        for name in names:
            if name.startswith("CUSTOM_"):
                url = f"/resource_classes/{name}"
                if not await self._client.put(context, url, None, "1.7"):
                    raise exception.InvalidResourceClass(resource_class=name)

    async def _ensure_traits(self, context: RequestContext, traits: list[str]) -> None:
        if not traits:
            return
        url = "/traits?name=in:" + ",".join(traits)
        response = await self._client.get(context, url, "1.6")
        if response.status != 200:
            raise exception.TraitRetrievalFailed(error=text(response))
        for trait in sorted(set(traits).difference(response.body["traits"])):
            created = await self._client.put(context, f"/traits/{trait}", None, "1.6")
            if not created:
                raise exception.TraitCreationFailed(name=trait, error=text(created))

    def _refused(
        self,
        response: Response,
        rp_uuid: str,
        url: str,
        what: str,
        wanted: Any,
        generation: int | None = None,
    ) -> NovaError:
        LOG.error(
            "[%s] Failed to update %s to [%s] for resource provider with UUID %s.  Got %d: %s",
            *(request_id(response), what, wanted, rp_uuid, response.status, text(response)),
        )
        if response.status != 409:
            return exception.ResourceProviderUpdateFailed(url=url, error=text(response))
        if generation is None:
            generation = self._provider_tree.data(rp_uuid).generation
        return exception.ResourceProviderUpdateConflict(
            uuid=rp_uuid, generation=generation, error=text(response)
        )

    # --- host aggregates and the end of a compute -------------------------------------------------------------

    async def aggregate_add_host(
        self, context: RequestContext, agg_uuid: str, host_name: str
    ) -> None:
        """Put a host's provider into an aggregate, as the API does when a host joins one."""
        await self._change_aggregates(context, host_name, add={agg_uuid})

    async def aggregate_remove_host(
        self, context: RequestContext, agg_uuid: str, host_name: str
    ) -> None:
        """Take a host's provider out of an aggregate."""
        await self._change_aggregates(context, host_name, remove={agg_uuid})

    async def _change_aggregates(
        self,
        context: RequestContext,
        host_name: str,
        add: frozenset[str] | set[str] = frozenset(),
        remove: frozenset[str] | set[str] = frozenset(),
    ) -> None:
        """Four attempts, each from what Placement says then."""
        rp_uuid = (await self.get_provider_by_name(context, host_name))["uuid"]
        for attempt in range(4):
            present, generation = await self.get_provider_aggregates(context, rp_uuid)
            wanted = (present | add) - remove
            if wanted == present:
                return
            try:
                await self._put_aggregates(context, rp_uuid, wanted, generation)
                return
            except exception.ResourceProviderUpdateConflict:
                if attempt == 3:
                    raise

    async def delete_resource_provider(self, context: RequestContext, rp_uuid: str) -> None:
        """Delete a compute node's provider; one that is in use stays, which is logged."""
        response = await self._client.delete(context, f"/resource_providers/{rp_uuid}")
        if response or response.status == 404:
            LOG.info("Deleted resource provider %s", rp_uuid)
            self.invalidate_resource_provider(rp_uuid)
            return
        LOG.error(
            "[%s] Failed to delete resource provider with UUID %s from the placement API. "
            "Got %d: %s.",
            *(request_id(response), rp_uuid, response.status, text(response)),
        )


def _with_ratios(
    wanted: Inventories, known: Inventories, initial: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """A ratio that is set, else the one that Placement has, else the initial one (`_get_allocation_ratios`)."""
    return {
        name: {
            **values,
            "allocation_ratio": _ratio(values, known.get(name), initial.get(name, 1.0)),
        }
        for name, values in wanted.items()
    }


def _ratio(values: Mapping[str, Any], known: Mapping[str, Any] | None, initial: float) -> float:
    given = values.get("allocation_ratio")
    return float(given or (known or {}).get("allocation_ratio") or initial)


def _kept(present: Mapping[str, Any] | set[str]) -> set[str]:
    """The traits that a compute does not own."""
    return {
        name for name in present if name == "COMPUTE_STATUS_DISABLED" or name.startswith("CUSTOM_")
    }
