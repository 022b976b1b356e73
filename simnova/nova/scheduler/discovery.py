"""The periodic task of nova-scheduler: hosts that no cell has yet (`nova/scheduler/manager.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova import exception, servicegroup
from simnova.nova.context import Place, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.manager import Manager
from simnova.nova.objects.host_mapping import discover_hosts
from simnova.nova.objects.service import Service
from simnova.nova.periodic_task import periodic_task

if TYPE_CHECKING:
    from simnova.config import Config

LOG = getLogger("nova.scheduler.manager")


class Discovery(Manager):
    """Looks for new hosts, where that is wanted."""

    place: Place
    conf: Config
    _warned_of_mapping = False

    @periodic_task(
        "hosts that no cell has yet, to which nothing is scheduled",
        spacing="scheduler.discover_hosts_in_cells_interval",
        run_immediately=True,
    )
    async def _discover_hosts_in_cells(self) -> None:
        """Map the compute hosts that no cell has yet; of several schedulers that are up the first by name does it."""
        context, group = (
            get_admin_context(self.place),
            servicegroup.API(self.conf, self.place.clock),
        )
        rows = await Service.get_all(context, "nova-scheduler")
        leader = min(row.host for row in rows if group.service_is_up(row.values()))
        if self.service_ref is not None and self.service_ref.host != leader:
            here = self.service_ref.host
            LOG.debug("Current leader is %s, skipping discover hosts on %s", leader, here)
            return
        try:
            found = await discover_hosts(context)
        except exception.HostMappingExists as error:
            self._warn_of_mapping(error)
            return
        if found:
            hosts = ",".join(f"{one.cell_mapping.name}:{one.host}" for one in found)
            LOG.info("Discovered %i new hosts: %s", len(found), hosts)

    def _warn_of_mapping(self, error: exception.HostMappingExists) -> None:
        text = (
            "This periodic task should only be enabled if discover hosts is not run via nova-manage, "
            f"schedulers: {error}"
        )
        (LOG.debug if self._warned_of_mapping else LOG.warning)(text)
        self._warned_of_mapping = True
