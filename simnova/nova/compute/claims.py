"""A claim on a host's resources (`nova/compute/claims.py`)."""

from __future__ import annotations

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

Amount = tuple[str, str, float, float, float]
"""A resource, its unit, what there is, what is used, what is wanted."""
_LIMITS = {"memory": "memory_mb", "disk": "disk_gb", "vcpu": "vcpu"}
"""The scheduler's name for the limit of each."""


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
        flavor = self.flavor
        LOG.info(
            "Attempting claim on node %s: memory %d MB, disk %d GB, vcpus %d CPU",
            self.nodename,
            flavor.memory_mb,
            flavor.root_gb + flavor.ephemeral_gb,
            flavor.vcpus,
            instance=self.instance,
        )
        tested = limits and any(name in limits for name in _LIMITS.values())
        amounts = _amounts(node, flavor) if tested else []
        reasons = [self._short(amount, limits or {}) for amount in amounts]
        failed = [reason for reason in reasons if reason]
        if failed:
            raise self._failed(failed)
        limit = (limits or {}).get("numa_topology")
        short = self.tracker.devices.check(self.instance, flavor, limit)
        if short:
            raise self._failed(short)
        LOG.info("Claim successful on node %s", self.nodename, instance=self.instance)

    def _failed(self, reasons: list[str]) -> Exception:
        why = "; ".join(reasons)
        LOG.info("Failed to claim: %s", why, instance=self.instance)
        return exception.ComputeResourcesUnavailable(reason=why)

    def _short(self, amount: Amount, limits: dict[str, Any]) -> str | None:
        """Why the limit of a resource does not hold, in Nova's words; None where it does or there is none."""
        what, unit, total, used, wanted = amount
        LOG.info(
            "Total %s: %d %s, used: %.2f %s", what, total, unit, used, unit, instance=self.instance
        )
        limit = limits.get(_LIMITS[what])
        if limit is None:
            LOG.info(
                "%s limit not specified, defaulting to unlimited", what, instance=self.instance
            )
            return None
        free = limit - used
        LOG.info(
            "%s limit: %.2f %s, free: %.2f %s",
            what,
            limit,
            unit,
            free,
            unit,
            instance=self.instance,
        )
        return (
            f"Free {what} {free:.2f} {unit} < requested {wanted} {unit}" if wanted > free else None
        )

    async def abort(self) -> None:
        """Give back what was claimed."""
        LOG.debug("Aborting claim: %s", self, instance=self.instance)
        await self.tracker.abort_instance_claim(self.context, self.instance)

    def __str__(self) -> str:
        flavor = self.flavor
        return f"[{type(self).__name__}: {flavor.memory_mb} MB memory, {flavor.root_gb} GB disk, {flavor.vcpus} VCPU]"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
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


def _amounts(node: ComputeNode, flavor: Flavor) -> list[Amount]:
    """What a host has, what of it is used, and what is claimed."""
    disk = flavor.root_gb + flavor.ephemeral_gb
    return [
        ("memory", "MB", node.memory_mb, node.memory_mb_used, flavor.memory_mb),
        ("disk", "GB", node.local_gb, node.local_gb_used, disk),
        ("vcpu", "VCPU", node.vcpus, node.vcpus_used, flavor.vcpus),
    ]
