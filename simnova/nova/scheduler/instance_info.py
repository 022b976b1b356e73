"""Which servers the scheduler believes to be on each host, as computes tell it (`nova/scheduler/host_manager.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.instance import Instance

LOG = getLogger("nova.scheduler.host_manager")

Instances = dict[str, Instance]
"""Servers by UUID; of one that was not told but read, only the UUID is there."""


@dataclass
class HostInfo:
    """The servers of one host; `updated` once the host itself has told of a change since they were read."""

    instances: Instances = field(default_factory=dict)
    updated: bool = False


class InstanceInfo:
    """The per-host view behind the fan-out casts `update_`, `delete_` and `sync_instance_info`.

    It is used for hosts that report; of the others the database is asked (also with `track_instance_changes` off,
    when nobody reports).
    """

    def __init__(self) -> None:
        self.hosts: dict[str, HostInfo] = {}

    async def of_hosts(self, context: RequestContext, hosts: Iterable[str]) -> dict[str, Instances]:
        """The servers on each of those hosts of the cell at which the context is targeted."""
        told = {host: info.instances for host, info in self.hosts.items() if info.updated}
        asked = list(hosts)
        read = await self.read(context, [host for host in asked if host not in told])
        return {host: told[host] if host in told else read[host] for host in asked}

    async def read(self, context: RequestContext, hosts: list[str]) -> dict[str, Instances]:
        """The servers on those hosts as the cell's database has them."""
        if not hosts:
            return {}
        found = await Instance.get_uuids_by_hosts(context, hosts)
        return {
            host: {uuid: Instance(uuid=uuid, context=context) for uuid in uuids}
            for host, uuids in found.items()
        }

    async def in_full(
        self, context: RequestContext, found: dict[str, Instances]
    ) -> dict[str, Instances]:
        """The same servers as the cell's database has them; of one that has just gone what was known."""
        uuids = [uuid for servers in found.values() for uuid in servers]
        read = await Instance.get_all(context, uuid=uuids) if uuids else []
        rows = {instance.uuid: instance for instance in read}
        return {
            host: servers | {u: rows[u] for u in servers if u in rows}
            for host, servers in found.items()
        }

    async def update(
        self, context: RequestContext, host_name: str, instances: list[Instance]
    ) -> None:
        """A host tells of a server that came or changed, or, when it starts, of all it has."""
        if host_name in self.hosts:
            info = self.hosts[host_name]
            info.instances.update({instance.uuid: instance for instance in instances})
            info.updated = True
        elif len(instances) > 1:
            self.hosts[host_name] = HostInfo(
                {instance.uuid: instance for instance in instances}, updated=True
            )
        else:
            await self._recreate(context, host_name)
            LOG.info(
                "Received an update from an unknown host '%s'. Re-created its InstanceList.",
                host_name,
            )

    async def delete(self, context: RequestContext, host_name: str, instance_uuid: str) -> None:
        """A host tells that a server is gone."""
        if host_name in self.hosts:
            self.hosts[host_name].instances.pop(instance_uuid, None)
            self.hosts[host_name].updated = True
        else:
            await self._recreate(context, host_name)
            LOG.info(
                "Received a delete update from an unknown host '%s'. Re-created its InstanceList.",
                host_name,
            )

    async def sync(
        self, context: RequestContext, host_name: str, instance_uuids: list[str]
    ) -> None:
        """A host tells, every now and then, which servers it has; where that is news, they are read again."""
        if host_name not in self.hosts:
            await self._recreate(context, host_name)
            LOG.info(
                "Received a sync request from an unknown host '%s'. Re-created its InstanceList.",
                host_name,
            )
        elif set(self.hosts[host_name].instances) != set(instance_uuids):
            await self._recreate(context, host_name)
            LOG.info(
                "The instance sync for host '%s' did not match. Re-created its InstanceList.",
                host_name,
            )
        else:
            self.hosts[host_name].updated = True
            LOG.debug("Successfully synced instances from host '%s'.", host_name)

    async def _recreate(self, context: RequestContext, host_name: str) -> None:
        try:
            mapping = await HostMapping.get_by_host(context, host_name)
        except exception.HostMappingNotFound:
            LOG.info(
                "Host mapping not found for host %s. Not tracking instance info for this host.",
                host_name,
            )
            self.hosts[host_name] = HostInfo()
            return
        found = await self.read(target_cell(context, mapping.cell_mapping), [host_name])
        self.hosts[host_name] = HostInfo(found[host_name])
