"""A claim on a host's resources (`nova/compute/claims.py`)."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.compute_node import ComputeNode
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration

if TYPE_CHECKING:
    from simnova.nova.compute.resource_tracker import ResourceTracker

LOG = getLogger("nova.compute.claims")


class Claim:
    """Resources that a build has been promised: `async with claim:` gives them back where the block fails.

    Since Placement holds the amounts, nothing is tested again here unless the scheduler has sent limits, as it does
    in a classic release, where this test is what settles a race.
    """

    def __init__(
        self, context: RequestContext, instance: Instance, nodename: str, tracker: ResourceTracker
    ) -> None:
        self.context = context
        self.instance = instance
        self.nodename = nodename
        self.tracker = tracker

    @property
    def flavor(self) -> Flavor:
        """What is claimed."""
        return self.instance.flavor

    def test(self, node: ComputeNode, limits: dict[str, Any] | None) -> None:
        """Raise ComputeResourcesUnavailable where a limit would be passed."""
        LOG.info("Claim attempt on node %s", self.nodename, instance=self.instance)
        flavor = self.flavor
        reasons = [
            _short(what, unit, total, used, wanted, (limits or {}).get(key))
            for what, unit, key, total, used, wanted in (
                (
                    "memory",
                    "MB",
                    "memory_mb",
                    node.memory_mb,
                    node.memory_mb_used,
                    flavor.memory_mb,
                ),
                (
                    "disk",
                    "GB",
                    "disk_gb",
                    node.local_gb,
                    node.local_gb_used,
                    flavor.root_gb + flavor.ephemeral_gb,
                ),
                ("vcpu", "VCPU", "vcpu", node.vcpus, node.vcpus_used, flavor.vcpus),
            )
        ]
        failed = [reason for reason in reasons if reason]
        if failed:
            raise exception.ComputeResourcesUnavailable(reason="; ".join(failed))
        limit = (limits or {}).get("numa_topology")
        self.tracker.devices.check(self.instance, flavor, limit)
        LOG.info("Claim successful on node %s", self.nodename, instance=self.instance)

    async def abort(self) -> None:
        """Give back what was claimed."""
        LOG.debug("Aborting claim: %s", self, instance=self.instance)
        await self.tracker.abort_instance_claim(self.context, self.instance)

    def __str__(self) -> str:
        flavor = self.flavor
        return f"[{type(self).__name__}: {flavor.memory_mb} MB memory, {flavor.root_gb} GB disk, {flavor.vcpus} VCPU]"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception):
            await self.abort()


class MoveClaim(Claim):
    """Resources for a server that is to come here: resized, migrated or evacuated."""

    def __init__(
        self,
        context: RequestContext,
        instance: Instance,
        nodename: str,
        tracker: ResourceTracker,
        flavor: Flavor,
        migration: Migration,
    ) -> None:
        super().__init__(context, instance, nodename, tracker)
        self.migration = migration
        self._flavor = flavor

    @property
    def flavor(self) -> Flavor:
        """What the server will be here; it has its old flavor still."""
        return self._flavor

    async def abort(self) -> None:
        """Give back what was claimed; the server stays where it is."""
        LOG.debug("Aborting claim: %s", self, instance=self.instance)
        await self.tracker.drop_move_claim(self.context, self.instance, self.flavor)


def _short(
    what: str, unit: str, total: float, used: float, wanted: float, limit: float | None
) -> str | None:
    """Why a limit does not hold, in Nova's words; None where it does or there is none."""
    if limit is None or wanted <= limit - used:
        return None
    return f"Free {what} {limit - used:.2f} {unit} < requested {wanted} {unit}"
