"""Which servers the scheduler believes to be on each host, as computes tell it (`nova/scheduler/host_manager.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.host_mapping import HostMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.scheduler.rows import Rows

if TYPE_CHECKING:
    from simnova.db.database import Database

LOG = getLogger("nova.scheduler.host_manager")

Servers = Callable[[str], dict[str, Instance]]
"""The servers on a host, by UUID, as they were when the request came."""

Instances = dict[str, Instance]
"""Servers by UUID; of one that was not told but read, only the UUID is there."""


@dataclass
class HostInfo:
    """The servers of one host; `updated` once the host itself has told of a change since they were read."""

    instances: Instances = field(default_factory=dict)
    updated: bool = False


class ServerView:
    """Which servers are on which host by a cell's database, read again only where rows have changed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._rows = Rows(database)
        self._hosts: dict[int, str] = {}
        self._servers: dict[str, dict[int, Instance]] = {}

    async def refresh(self, context: RequestContext) -> None:
        """Read what has changed."""
        ids = await self._rows.changed("instances")
        changed: dict[str, dict[int, Instance]] = {}
        for number in list(self._hosts) if ids is None else ids:
            if number in self._hosts:
                del self._of(changed, self._hosts.pop(number))[number]
        for number, uuid, host in await Instance.get_places(context, ids):
            self._hosts[number] = host
            self._of(changed, host)[number] = Instance(uuid=uuid, context=context)
        self._servers = {**self._servers, **changed} if changed else self._servers

    def _of(self, changed: dict[str, dict[int, Instance]], host: str) -> dict[int, Instance]:
        """A host's servers, to be changed: whoever has looked before keeps what there was."""
        if host not in changed:
            changed[host] = self._servers.get(host, {}).copy()
        return changed[host]

    def servers(self) -> Servers:
        """The servers of each host as they are now, in the order in which they were made."""
        return partial(_in_order, self._servers)


def _in_order(servers: dict[str, dict[int, Instance]], host: str) -> Instances:
    held = servers.get(host, {})
    return {held[number].uuid: held[number] for number in sorted(held)}


class InstanceInfo:
    """The per-host view behind the fan-out casts `update_`, `delete_` and `sync_instance_info`.

    It is used for hosts that report; of the others the database is asked (also with `track_instance_changes` off,
    when nobody reports).
    """

    def __init__(self) -> None:
        self.hosts: dict[str, HostInfo] = {}
        self._views: dict[str | None, ServerView] = {}

    async def of_hosts(self, context: RequestContext, hosts: Iterable[str]) -> Servers:
        """The servers on each of those hosts of the cell at which the context is targeted."""
        told = {host: info.instances for host, info in self.hosts.items() if info.updated}
        if told.keys() >= set(hosts):
            return told.__getitem__
        read = (await self._view(context)).servers()
        return lambda host: told[host] if host in told else read(host)

    async def _view(self, context: RequestContext) -> ServerView:
        """The servers of the cell at which the context is targeted, as its database has them now."""
        database, cell = context.cell_db, context.cell_uuid
        if cell not in self._views or self._views[cell].database is not database:
            self._views[cell] = ServerView(database)
        try:
            await self._views[cell].refresh(context)
        except NovaError:
            del self._views[cell]
            raise
        return self._views[cell]

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
        self, context: RequestContext, hosts: Iterable[str], known: Servers
    ) -> Servers:
        """The same servers as the cell's database has them; of one that has just gone what was known."""
        found = {host: known(host) for host in hosts}
        uuids = [uuid for servers in found.values() for uuid in servers]
        read = await Instance.get_all(context, uuid=uuids) if uuids else []
        rows = {instance.uuid: instance for instance in read}
        return {
            host: servers | {u: rows[u] for u in servers if u in rows}
            for host, servers in found.items()
        }.__getitem__

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
