"""Hosts that a request names: to be left out, to be forced, to be the only ones (`HostManager.get_filtered_hosts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.log import getLogger

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import Destination, RequestSpec
    from simnova.nova.scheduler.host_state import HostState
    from simnova.nova.scheduler.standings import Standings

LOG = getLogger("nova.scheduler.host_manager")


def narrow(standings: Standings, spec: RequestSpec) -> bool:
    """Keep the hosts that the request leaves; whether they are forced, in which case no filter is asked."""
    asked = spec.requested_destination and spec.requested_destination.host
    if asked or spec.ignore_hosts or spec.force_hosts or spec.force_nodes:
        standings.keep_hosts(_left(standings.seen(), spec))
    checked = bool(spec.scheduler_hints.get("_nova_check_type"))
    return bool(spec.force_hosts or spec.force_nodes) and not checked


def _left(hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
    if spec.requested_destination and spec.requested_destination.host:
        hosts = _requested(hosts, spec.requested_destination)
    if spec.ignore_hosts:
        hosts = _without(hosts, spec.ignore_hosts)
        if not hosts:
            return []
    if spec.force_hosts:
        hosts = _forced_hosts(hosts, spec.force_hosts)
    if spec.force_nodes:
        hosts = _forced_nodes(hosts, spec.force_nodes)
    return hosts


def _requested(hosts: list[HostState], destination: Destination) -> list[HostState]:
    host, node = destination.host, destination.node
    found = [one for one in hosts if one.host == host and node in (None, one.nodename)]
    if found:
        LOG.info("Host filter only checking host %s and node %s", host, node)
    else:
        LOG.info("No hosts matched due to not matching requested destination (%s, %s)", host, node)
    return found


def _without(hosts: list[HostState], ignored: list[str]) -> list[HostState]:
    names = {name.lower() for name in ignored}
    LOG.info(
        "Host filter ignoring hosts: %s",
        ", ".join(one.host for one in hosts if one.host.lower() in names),
    )
    return [one for one in hosts if one.host.lower() not in names]


def _forced_hosts(hosts: list[HostState], forced: list[str]) -> list[HostState]:
    names = {name.lower() for name in forced}
    found = [one for one in hosts if one.host.lower() in names]
    if found:
        LOG.info("Host filter forcing available hosts to %s", ", ".join(one.host for one in found))
    else:
        LOG.info(
            "No hosts matched due to not matching 'force_hosts' value of '%s'", ", ".join(forced)
        )
    return found


def _forced_nodes(hosts: list[HostState], forced: list[str]) -> list[HostState]:
    found = [one for one in hosts if one.nodename in forced]
    if found:
        LOG.info(
            "Host filter forcing available nodes to %s", ", ".join(one.nodename for one in found)
        )
    else:
        LOG.info(
            "No nodes matched due to not matching 'force_nodes' value of '%s'", ", ".join(forced)
        )
    return found
