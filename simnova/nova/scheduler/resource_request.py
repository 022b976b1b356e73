"""What is asked of Placement for one server (`ResourceRequest` of `nova/scheduler/utils.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from simnova.nova import exception
from simnova.nova.log import getLogger
from simnova.nova.objects.fields import RESOURCE_CLASSES
from simnova.nova.objects.image_meta_props import traits_required
from simnova.nova.scheduler.translation import translate_devices, translate_pinning_policies

if TYPE_CHECKING:
    from simnova.nova.context import RequestContext
    from simnova.nova.objects.flavor import Flavor
    from simnova.nova.objects.image_meta import ImageMeta
    from simnova.nova.objects.request_spec import Destination, RequestSpec
    from simnova.nova.scheduler.host_manager import HostManager

LOG = getLogger("nova.scheduler.utils")

_EXTRA_SPEC = re.compile(r"^(resources|trait)([a-zA-Z0-9_-]{1,64})?:(.*)$")
_UNLIMITED = ("group", "same_host", "different_host")


@dataclass
class RequestGroup:
    """Resources and traits that one provider must have; `suffix` is empty for the group that needs no number."""

    suffix: str = ""
    resources: dict[str, int] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    aggregates: list[list[str]] = field(default_factory=list)
    forbidden_aggregates: list[str] = field(default_factory=list)
    in_tree: str | None = None

    def add_resource(self, name: str, amount: str | int) -> None:
        """Ask for an amount of a class; what Placement would not understand is logged and left out."""
        if not (name.startswith("CUSTOM_") or name in RESOURCE_CLASSES):
            LOG.warning("Received an invalid ResourceClass '%s' in extra_specs.", name)
            return
        number = _nonnegative(amount)
        if number is None:
            LOG.warning("Resource amounts must be nonnegative integers. Received '%s'", amount)
        else:
            self.resources[name] = number

    def add_trait(self, name: str, value: str) -> None:
        """Ask for or against a trait; another word than `required` or `forbidden` is logged and left out."""
        known = {"required": self.required, "forbidden": self.forbidden}
        if value not in known:
            LOG.warning("Only (%s) traits are supported. Received '%s'.", ", ".join(known), value)
        elif name not in known[value]:
            known[value].append(name)

    def to_queryparams(self) -> list[tuple[str, str]]:
        """This group's parameters of `GET /allocation_candidates`."""
        resources = ",".join(sorted(f"{name}:{amount}" for name, amount in self.resources.items()))
        found = [("resources", resources)]
        if self.required or self.forbidden:
            found.append(("required", _traits(self.required, self.forbidden)))
        found += [("member_of", f"in:{','.join(sorted(any_of))}") for any_of in self.aggregates]
        if self.in_tree:
            found.append(("in_tree", self.in_tree))
        if self.forbidden_aggregates:
            found.append(("member_of", f"!in:{','.join(sorted(self.forbidden_aggregates))}"))
        return [(f"{name}{self.suffix}", value) for name, value in found]

    def __bool__(self) -> bool:
        return any(
            (
                self.resources,
                self.required,
                self.forbidden,
                self.aggregates,
                self.forbidden_aggregates,
            )
        )


@dataclass
class ResourceRequest:
    """A request in Placement's terms: groups of resources and traits, a limit, and what the root provider must be."""

    limit: int | None
    root_required: list[str] = field(default_factory=list)
    root_forbidden: list[str] = field(default_factory=list)
    group_policy: str | None = None
    groups: dict[str, RequestGroup] = field(default_factory=dict)
    cpu_pinning_requested: bool = False
    """Whether PCPUs are asked for because of a policy, so that old hosts may offer VCPUs instead."""

    def get_request_group(self, suffix: str = "") -> RequestGroup:
        """The group of that suffix, made if need be."""
        return self.groups.setdefault(suffix, RequestGroup(suffix))

    @classmethod
    def from_request_spec(
        cls, spec: RequestSpec, limit: int | None, enable_pinning_translate: bool = True
    ) -> ResourceRequest:
        """The flavor's extra specs, the image's traits, and the flavor's sizes where neither names the class.

        Without `enable_pinning_translate` dedicated CPUs are VCPUs like all others. Raises what `constraints` raises
        where flavor and image contradict each other.
        """
        request = cls(limit, list(spec.root_required), list(spec.root_forbidden))
        flavor, image = spec.flavor, spec.image
        request.add_extra_specs(flavor)
        group = request.get_request_group()
        for trait in _traits_of(image):
            group.add_trait(trait, "required")
        if enable_pinning_translate:
            policy = translate_pinning_policies(group, flavor, image)
            request.cpu_pinning_requested = policy == "dedicated"
        asked = {name for each in request.groups.values() for name in each.resources}
        for name, amount in spec.resources().items():
            if name not in asked and not (name == "VCPU" and "PCPU" in asked):
                group.resources[name] = amount
        translate_devices(group, flavor, image)
        request.strip_zeros()
        return request

    @property
    def all_required_traits(self) -> set[str]:
        """The traits that any of the groups requires."""
        return {name for group in self.groups.values() for name in group.required}

    def num_of_suffixed_groups(self) -> int:
        """How many groups have a suffix."""
        return sum(1 for suffix in self.groups if suffix)

    def add_extra_specs(self, flavor: Flavor) -> None:
        """Read `resources[SUFFIX]:CLASS`, `trait[SUFFIX]:NAME` and `group_policy`."""
        for key, value in flavor.extra_specs.items():
            found = _EXTRA_SPEC.match(key)
            if key == "group_policy":
                self._add_group_policy(value)
            elif found:
                what, suffix, name = found.groups(default="")
                group = self.get_request_group(suffix)
                (group.add_resource if what == "resources" else group.add_trait)(name, value)

    def _add_group_policy(self, value: str) -> None:
        if value in ("none", "isolate"):
            self.group_policy = value
        else:
            LOG.warning("Invalid group_policy '%s'. Valid values are 'none' and 'isolate'.", value)

    def strip_zeros(self) -> None:
        """Leave out amounts of zero and groups that ask for nothing."""
        for group in self.groups.values():
            group.resources = {name: amount for name, amount in group.resources.items() if amount}
        self.groups = {suffix: group for suffix, group in self.groups.items() if group}

    def to_querystring(self) -> str:
        """The query of `GET /allocation_candidates`, sorted and encoded."""
        found = [
            parameter for group in self.groups.values() for parameter in group.to_queryparams()
        ]
        if self.limit is not None:
            found.append(("limit", str(self.limit)))
        if self.group_policy is not None:
            found.append(("group_policy", self.group_policy))
        if self.root_required or self.root_forbidden:
            found.append(("root_required", _traits(self.root_required, self.root_forbidden)))
        return urlencode(sorted(found))


def _nonnegative(amount: str | int) -> int | None:
    try:
        number = int(amount)
    except ValueError:
        return None
    return number if number >= 0 else None


def _traits_of(image: ImageMeta) -> list[str]:
    given: list[str] = image.properties.get("traits_required", [])
    return [*given, *(name for name in traits_required(image.properties) if name not in given)]


def _traits(required: Iterable[str], forbidden: Iterable[str]) -> str:
    return ",".join([*sorted(required), *(f"!{name}" for name in sorted(forbidden))])


async def resources_from_request_spec(
    ctxt: RequestContext,
    spec_obj: RequestSpec,
    host_manager: HostManager,
    enable_pinning_translate: bool = True,
) -> ResourceRequest:
    """What to ask Placement for, narrowed to a forced host or a requested destination.

    Raises NoValidHost where there is no such host.
    """
    limit = host_manager.conf.scheduler.max_placement_results
    request = ResourceRequest.from_request_spec(spec_obj, limit, enable_pinning_translate)
    destination = spec_obj.requested_destination
    if destination and destination.aggregates:
        request.get_request_group().aggregates = [
            any_of.split(",") for any_of in destination.aggregates
        ]
    if destination and destination.forbidden_aggregates:
        request.get_request_group().forbidden_aggregates = destination.forbidden_aggregates
    await _aim(ctxt, request, spec_obj, destination, host_manager)
    if any(hint in spec_obj.scheduler_hints for hint in _UNLIMITED):
        request.limit = None
    if request.num_of_suffixed_groups() >= 2 and not request.group_policy:
        LOG.warning(_NO_GROUP_POLICY)
    return request


_NO_GROUP_POLICY = (
    "There is more than one numbered request group in the allocation candidate query but the flavor "
    "did not specify any group policy. This query would fail in placement due to the missing group "
    "policy. If you specified more than one numbered request group in the flavor extra_spec then you "
    "need to specify the group policy in the flavor extra_spec. If it is OK to let these groups be "
    "satisfied by overlapping resource providers then use 'group_policy': 'none'. If you want each "
    "group to be satisfied from a separate resource provider then use 'group_policy': 'isolate'."
)


async def _aim(
    ctxt: RequestContext,
    request: ResourceRequest,
    spec: RequestSpec,
    destination: Destination | None,
    host_manager: HostManager,
) -> None:
    """Ask for the tree of the one node that is wanted; for all there are, where a host has several nodes."""
    host = (destination and destination.host) or next(iter(spec.force_hosts or []), None)
    node = (destination and destination.node) or next(iter(spec.force_nodes or []), None)
    if not host and not node:
        return
    cell = destination.cell_uuid if destination else None
    nodes = await host_manager.get_compute_nodes_by_host_or_node(ctxt, host, node, cell)
    if not nodes:
        raise exception.NoValidHost(reason=f"No such host - host: {host} node: {node} ")
    if len(nodes) > 1:
        request.limit = None
        return
    if destination:
        destination.host, destination.node = nodes[0].host, nodes[0].hypervisor_hostname
    request.get_request_group().in_tree = nodes[0].uuid
