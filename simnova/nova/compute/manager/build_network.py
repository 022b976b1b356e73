"""The networks of a server that is built (`_build_networks_for_instance` of `nova/compute/manager.py`)."""

from __future__ import annotations

from simnova.nova.compute.manager.failure import Build, Failures, abort
from simnova.nova.log import getLogger
from simnova.nova.network.model import VIF

LOG = getLogger("nova.compute.manager")

LONGEST_DELAY = 30.0
"""Seconds between two tries of `network_allocate_retries`, at most; from one second on they double."""


class BuildNetworks(Failures):
    """Ports and addresses, before the driver needs them."""

    async def _allocate_network(self, build: Build) -> list[VIF]:
        """Ask Neutron, and again as often as `network_allocate_retries` says."""
        attempt, attempts, delay = 1, self.conf.network_allocate_retries + 1, 1.0
        while True:
            said = {"attempt": attempt, "attempts": attempts}
            try:
                return await self.network_api.allocate_for_instance(
                    build.context,
                    build.instance,
                    build.requested_networks,
                    build.security_groups,
                    bind_host_id=self.host,
                )
            except Exception:
                if attempt == attempts:
                    text = "Instance failed network setup after %(attempts)d attempt(s)"
                    LOG.exception(text, said)
                    raise
            text = "Instance failed network setup (attempt %(attempt)d of %(attempts)d)"
            LOG.warning(text, said, instance=build.instance)
            await self.place.clock.sleep(delay)
            attempt, delay = attempt + 1, min(delay * 2, LONGEST_DELAY)

    async def _clean_up_failed_networks(self, build: Build, error: Exception) -> None:
        """Leave nothing in Neutron behind; where that fails, too, the build ends here."""
        instance = build.instance
        LOG.exception("Instance failed to spawn", instance=instance)
        try:
            await self._shutdown_instance(build.context, instance, build.requested_networks)
        except Exception as second:
            text = "Could not clean up failed build, not rescheduling. Error: %s"
            LOG.warning(text, str(second))
            raise abort(instance, str(error)) from second
