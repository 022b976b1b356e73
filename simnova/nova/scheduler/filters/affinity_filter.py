"""Together or apart, by hints or by the policy of a server group (`nova/scheduler/filters/affinity_filter.py`)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from simnova.nova.log import getLogger
from simnova.nova.scheduler import filters
from simnova.nova.scheduler.filters import utils

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)


class DifferentHostFilter(filters.BaseHostFilter):
    """Hosts on which none of the servers of the hint `different_host` runs."""

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where there is no hint; else each host is asked."""
        return hosts.all_or_each(not spec_obj.get_scheduler_hint("different_host"))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the host is another."""
        found = utils.instance_uuids_overlap(
            host_state, spec_obj.get_scheduler_hint("different_host")
        )
        return not found or filters.Rejected(f"runs {', '.join(found)}")


class SameHostFilter(filters.BaseHostFilter):
    """Hosts on which one of the servers of the hint `same_host` runs."""

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where there is no hint; else each host is asked."""
        return hosts.all_or_each(not spec_obj.get_scheduler_hint("same_host"))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the host is the same."""
        wanted = spec_obj.get_scheduler_hint("same_host")
        if not wanted or utils.instance_uuids_overlap(host_state, wanted):
            return True
        names = wanted if isinstance(wanted, str) else " or ".join(wanted)
        return filters.Rejected(f"does not run {names}")


class AddrFormatError(Exception):
    """A text that is neither network nor address; it has its name from the library that Nova asks, netaddr."""


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise AddrFormatError(f"invalid IPNetwork {text}") from None


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if text is None:
        raise TypeError("argument of type 'NoneType' is not iterable")
    return ipaddress.ip_address(text)


class SimpleCIDRAffinityFilter(filters.BaseHostFilter):
    """Hosts whose address is in the network of the hint `build_near_host_ip`, `cidr` wide (/24)."""

    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where there is no hint; else each host is asked."""
        return hosts.all_or_each(not spec_obj.get_scheduler_hint("build_near_host_ip"))

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the host is near. Raises AddrFormatError for what is no network, TypeError for a host without IP."""
        near = spec_obj.get_scheduler_hint("build_near_host_ip")
        if not near:
            return True
        width = spec_obj.get_scheduler_hint("cidr", "/24")
        network = _network(f"{near}{width}")
        if _address(host_state.host_ip) in network:
            return True
        return filters.Rejected(f"{host_state.host_ip} is not in {network}")


class ServerGroupAntiAffinityFilter(filters.BaseHostFilter):
    """Hosts with fewer servers of the group than `max_server_per_host`, 1 unless the group says so."""

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where no group has this policy; else each host is asked."""
        group = spec_obj.instance_group
        return hosts.all_or_each(group is None or group.policy != "anti-affinity")

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether there is room for one more of the group; a server may stay where it is."""
        group = spec_obj.instance_group
        if group is None or group.policy != "anti-affinity":
            return True
        if spec_obj.instance_uuid in host_state.instances:
            return True
        here = len(host_state.instances.keys() & set(group.members))
        most = group.rules.get("max_server_per_host", 1)
        LOG.debug(
            "Group anti-affinity: check if the number of servers from group %s on host %s is less than %s.",
            *(group.uuid, host_state.host, most),
        )
        return here < most or filters.Rejected(
            f"has {here} of the group's servers, {most} may be on a host"
        )


class ServerGroupAffinityFilter(filters.BaseHostFilter):
    """The hosts of the group's servers; any host while there are none."""

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """Everyone where no group has this policy; else each host is asked."""
        group = spec_obj.instance_group
        return hosts.all_or_each(group is None or group.policy != "affinity")

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether the group is here."""
        group = spec_obj.instance_group
        if group is None or group.policy != "affinity":
            return True
        LOG.debug("Group affinity: check if %s in %s", host_state.host, group.hosts)
        if not group.hosts or host_state.host in group.hosts:
            return True
        return filters.Rejected(f"the group is on {', '.join(sorted(set(group.hosts)))}")
