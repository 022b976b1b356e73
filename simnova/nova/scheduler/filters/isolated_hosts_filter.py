"""Images and hosts for each other (`nova/scheduler/filters/isolated_hosts_filter.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class IsolatedHostsFilter(filters.BaseHostFilter):
    """Keeps `isolated_images` on `isolated_hosts`.

    With `restrict_isolated_hosts_to_isolated_images` also the other way round: no other image on those hosts.
    """

    RUN_ON_REBUILD = True
    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """By the names of the hosts; everyone where neither hosts nor images are set apart."""
        options = self.conf.filter_scheduler
        if not options.isolated_hosts and not options.isolated_images:
            return hosts.all_or_each(True)
        return hosts.of(self._why_not(host, spec_obj) is None for host in hosts.hosts.seen)

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether image and host are both set apart, or neither."""
        why = self._why_not(host_state, spec_obj)
        return why is None or filters.Rejected(why)

    def _why_not(self, host_state: HostState, spec_obj: RequestSpec) -> str | None:
        options = self.conf.filter_scheduler
        image = spec_obj.image.id if spec_obj.image else None
        image_isolated = image in options.isolated_images
        host_isolated = host_state.host in options.isolated_hosts
        if image_isolated and not host_isolated:
            return f"image {image} is for {', '.join(options.isolated_hosts)} only"
        restrict = options.restrict_isolated_hosts_to_isolated_images
        if restrict and host_isolated and not image_isolated:
            return "the host is for isolated_images only"
        return None
