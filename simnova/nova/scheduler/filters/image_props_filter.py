"""Hosts that can run what the image is made for (`nova/scheduler/filters/image_props_filter.py`)."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

from simnova.nova.log import getLogger
from simnova.nova.objects import fields
from simnova.nova.scheduler import filters

if TYPE_CHECKING:
    from simnova.nova.objects.image_meta import ImageMeta
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState

LOG = getLogger(__name__)

_CONDITION = re.compile(r"^\s*(<=|>=|<|>|!=|==)\s*(\S+)\s*$")
_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_NAMES = ("hw_architecture", "img_hv_type", "hw_vm_mode")


class ImagePropertiesFilter(filters.BaseHostFilter):
    """Compares architecture, hypervisor type, VM mode and hypervisor version that an image asks for with the host's."""

    RUN_ON_REBUILD = True
    run_filter_once_per_request = True

    def hosts_pass(self, hosts: HostColumns, spec_obj: RequestSpec) -> Array:
        """By what hosts support and the versions of their hypervisors; everyone where the image asks for nothing."""
        wanted = self._wanted(spec_obj.image)
        if not any(wanted):
            return hosts.all_or_each(True)
        return hosts.by_profile(
            _supports, lambda host: _why_not(wanted, spec_obj.image, host) is None
        )

    def host_passes(self, host_state: HostState, spec_obj: RequestSpec) -> bool | filters.Rejected:
        """Whether one of the guests that the host supports is of the image's kind."""
        wanted = self._wanted(spec_obj.image)
        if not any(wanted):
            return True
        why = _why_not(wanted, spec_obj.image, host_state)
        if why is None:
            return True
        LOG.debug("%s does not support requested instance_properties", host_state)
        return filters.Rejected(why)

    def _wanted(self, image: ImageMeta | None) -> tuple[str | None, ...]:
        if image is None:
            return ()
        default = self.conf.filter_scheduler.image_properties_default_architecture
        return (
            fields.architecture(image.get_property("hw_architecture", default)),
            fields.hv_type(image.get_property("img_hv_type")),
            fields.vm_mode(image.get_property("hw_vm_mode")),
        )


def _supports(host_state: HostState) -> tuple[Any, ...]:
    return tuple(map(tuple, host_state.supported_instances)), host_state.hypervisor_version


def _why_not(wanted: tuple[str | None, ...], image: ImageMeta, host_state: HostState) -> str | None:
    """The reason against a host; None where there is none."""
    asked = ", ".join(
        f"{name}={value}" for name, value in zip(_NAMES, wanted, strict=True) if value
    )
    supported = host_state.supported_instances
    if not supported:
        return f"the image needs {asked}, the host says nothing of what it supports"
    if not any(all(value in guest for value in wanted if value) for guest in supported):
        has = " or ".join("/".join(guest) for guest in supported)
        return f"the image needs {asked}, the host has {has}"
    required = image.get_property("img_hv_requested_version")
    if (
        required
        and host_state.hypervisor_version
        and not satisfies(host_state.hypervisor_version, required)
    ):
        return f"the image needs a hypervisor {required}, the host has {version_text(host_state.hypervisor_version)}"
    return None


def version_text(version: int) -> str:
    """A hypervisor's version, three digits a part, as it is written: 6002000 is 6.2.0."""
    parts: list[str] = []
    while version:
        version, part = divmod(version, 1000)
        parts.insert(0, str(part))
    return ".".join(parts)


def satisfies(version: int, predicate: str) -> bool:
    """Whether a version fits `>=2.5,<6`; raises ValueError where that is none (`oslo_utils.versionutils`)."""
    from packaging.version import Version

    conditions = [_CONDITION.match(part) for part in predicate.split(",")]
    if not all(conditions):
        raise ValueError(f"bad package restriction syntax: {predicate}")
    pairs = [found.groups() for found in conditions if found]
    return all(
        _COMPARE[sign](Version(version_text(version)), Version(text)) for sign, text in pairs
    )
