"""What the API does when a server is asked for: checks, records, and one cast (`API.create`).

Nothing is built here. When `create` returns, three rows in nova_api stand for the server (request spec, build
request, instance mapping) and the conductor has been told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simnova.nova import exception
from simnova.nova.compute.api import destination, groups
from simnova.nova.compute.api.base import Base
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_group import InstanceGroup
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.keypair import KeyPair
from simnova.nova.objects.network_request import NetworkRequest
from simnova.nova.objects.request_spec import Destination, RequestSpec
from simnova.nova.objects.states import TaskState
from simnova.nova.pci.request import get_pci_requests_from_flavor
from simnova.nova.quota import servers as quota
from simnova.nova.virt.hardware import numa_get_constraints

LOG = getLogger("nova.compute.api")

GIB = 1024**3

Planned = tuple[RequestSpec, BuildRequest, InstanceMapping]
"""What stands for a server that is asked for."""


@dataclass
class ServerRequest:
    """A request for servers, after the API has checked its form."""

    flavor: Flavor
    image_href: str
    display_name: str
    min_count: int = 1
    max_count: int = 1
    display_description: str | None = None
    hostname: str | None = None
    key_name: str | None = None
    key_data: str | None = None
    user_data: str | None = None
    config_drive: bool = False
    admin_password: str | None = None
    availability_zone: str | None = None
    forced_host: str | None = None
    forced_node: str | None = None
    requested_host: str | None = None
    requested_hypervisor_hostname: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    requested_networks: list[NetworkRequest] | None = None
    security_groups: list[str] = field(default_factory=lambda: ["default"])
    scheduler_hints: dict[str, list[str]] = field(default_factory=dict)


class Creation(Base):
    """Servers are asked for."""

    async def create(
        self, context: RequestContext, request: ServerRequest
    ) -> tuple[list[Instance], str]:
        """Check the request, write down what is to become of it, and tell the conductor.

        Returns the servers as they will be (in no cell yet) and the reservation id. Raises what the checks raise:
        ImageNotFound, FlavorDiskSmallerThanMinDisk, TooManyInstances, InvalidRequest for a zone that there is not,
        KeypairNotFound, ComputeHostNotFound, InstanceGroupNotFound, GroupMemberLimitExceeded …
        """
        group = await self._check_place(context, request)
        image = await self.image_api.get(context, request.image_href)
        check_image(ImageMeta.from_dict(image), request.flavor)
        await quota.check_metadata(self.quotas, context, request.metadata)
        if request.key_name is not None:
            request.key_data = await public_key(context, request.key_name)
        await self._check_security_groups(context, request)
        count = await self._check_counts(context, request)
        if group is not None:
            await groups.check_members(self.quotas, context, group, count)
        reservation = f"r-{context.here.clock.rng('reservation').getrandbits(40):08x}"[:10]
        planned = [self._plan(context, request, image, reservation, n, count) for n in range(count)]
        for spec, _, _ in planned:
            spec.instance_group = group
        await context.api_db.transact(lambda tx: _write(tx, planned, group))
        await self.compute_task_api.schedule_and_build_instances(
            context,
            build_requests=[build for _, build, _ in planned],
            request_specs=[spec for spec, _, _ in planned],
            image=image,
            admin_password=request.admin_password,
            injected_files=[],
            requested_networks=request.requested_networks,
            block_device_mapping=[_root_disk(request)],
        )
        return [build.instance for _, build, _ in planned], reservation

    async def _check_place(
        self, context: RequestContext, request: ServerRequest
    ) -> InstanceGroup | None:
        """Check the zone, host, node and group that are asked for; the group, where there is one."""
        if request.availability_zone and not request.forced_host:
            await destination.check_zone(context, self.conf, request.availability_zone)
        host, node = request.requested_host, request.requested_hypervisor_hostname
        if host or node:
            await destination.check_host_or_node(context, self.placementclient, host, node)
        hint = request.scheduler_hints.get("group")
        return await InstanceGroup.get_by_uuid(context, hint[0]) if hint else None

    async def _check_security_groups(self, context: RequestContext, request: ServerRequest) -> None:
        """From names to ids; the default group can be assumed to be there. Raises SecurityGroupNotFound."""
        check = self.network_api.validate_security_group
        request.security_groups = [
            name if name == "default" else await check(context, name)
            for name in request.security_groups
        ]

    async def _check_counts(self, context: RequestContext, request: ServerRequest) -> int:
        """How many servers the quotas and the networks let through; at least `min_count`, else they refuse.

        Raises `OverQuota`, `PortLimitExceeded`.
        """
        wanted = await self.network_api.validate_networks(
            context, request.requested_networks, request.max_count
        )
        if wanted < request.min_count:
            raise exception.PortLimitExceeded
        if wanted < request.max_count:
            LOG.info(
                "max count reduced from %d to %d due to network port quota",
                *(request.max_count, wanted),
            )
        return await quota.check_num_instances(
            self.quotas,
            context,
            request.flavor,
            request.min_count,
            min(request.max_count, wanted),
        )

    def _plan(
        self,
        context: RequestContext,
        request: ServerRequest,
        image: dict[str, Any],
        reservation: str,
        n: int,
        of: int,
    ) -> Planned:
        flavor = request.flavor
        name = f"{request.display_name}-{n + 1}" if of > 1 else request.display_name
        instance = Instance(
            uuid=context.here.clock.uuid("instance"),
            user_id=context.user_id,
            project_id=context.project_id,
            display_name=name,
            display_description=request.display_description,
            hostname=request.hostname or _hostname(name),
            image_ref=request.image_href,
            instance_type_id=flavor.id,
            memory_mb=flavor.memory_mb,
            vcpus=flavor.vcpus,
            root_gb=flavor.root_gb,
            ephemeral_gb=flavor.ephemeral_gb,
            task_state=TaskState.SCHEDULING,
            availability_zone=request.availability_zone,
            key_name=request.key_name,
            key_data=request.key_data,
            user_data=request.user_data,
            config_drive="True" if request.config_drive else "",
            reservation_id=reservation,
            launch_index=n,
            created_at=context.now(),
            metadata=request.metadata,
            system_metadata=ImageMeta.from_dict(image).to_system_metadata(),
            flavor=flavor,
            context=context,
        )
        return (
            self._spec(context, request, image, instance, of),
            _build(context, instance),
            _mapping(context, instance),
        )

    def _spec(
        self,
        context: RequestContext,
        request: ServerRequest,
        image: dict[str, Any],
        instance: Instance,
        count: int,
    ) -> RequestSpec:
        return RequestSpec(
            instance_uuid=instance.uuid,
            project_id=context.project_id,
            user_id=context.user_id,
            flavor=request.flavor,
            image=ImageMeta.from_dict(image),
            num_instances=count,
            availability_zone=request.availability_zone,
            force_hosts=[request.forced_host] if request.forced_host else None,
            force_nodes=[request.forced_node] if request.forced_node else None,
            requested_destination=_destination(request),
            scheduler_hints=request.scheduler_hints,
            requested_networks=request.requested_networks or [],
            security_groups=request.security_groups,
            pci_requests=get_pci_requests_from_flavor(
                self.conf,
                request.flavor,
                instance.uuid,
                context.here.clock,
                ImageMeta.from_dict(image),
            ),
            numa_topology=numa_get_constraints(request.flavor, ImageMeta.from_dict(image)),
            context=context,
        )


def _destination(request: ServerRequest) -> Destination | None:
    host, node = request.requested_host, request.requested_hypervisor_hostname
    return Destination(host=host, node=node) if host or node else None


def check_image(image: ImageMeta, flavor: Flavor) -> None:
    """Refuse an image that is not active or that the flavor is too small for (`_validate_flavor_image_nostatus`)."""
    if image.status != "active":
        raise exception.ImageNotActive(image_id=image.id)
    if flavor.memory_mb < image.min_ram:
        raise exception.FlavorMemoryTooSmall()
    if flavor.root_gb == 0:
        return
    size = flavor.root_gb * GIB
    if image.size > size:
        raise exception.FlavorDiskSmallerThanImage(flavor_size=size, image_size=image.size)
    if image.min_disk * GIB > size:
        raise exception.FlavorDiskSmallerThanMinDisk(
            flavor_size=size, image_min_disk=image.min_disk * GIB
        )


async def public_key(context: RequestContext, name: str) -> str:
    """The key of that name of the user who asks, not of the server's owner; raises KeypairNotFound."""
    return (await KeyPair.get_by_name(context, str(context.user_id), name)).public_key


def _hostname(name: str) -> str:
    """A display name as a host's name (`nova.utils.sanitize_hostname`)."""
    kept = "".join(
        char if char.isalnum() or char in "-." else "-" if char in " _" else "" for char in name
    )
    return kept.lower().strip(".-")[:63]


def _root_disk(request: ServerRequest) -> BlockDeviceMapping:
    return BlockDeviceMapping(image_id=request.image_href, volume_size=request.flavor.root_gb)


def _build(context: RequestContext, instance: Instance) -> BuildRequest:
    return BuildRequest(
        instance_uuid=instance.uuid,
        project_id=instance.project_id,
        instance=instance,
        context=context,
    )


def _mapping(context: RequestContext, instance: Instance) -> InstanceMapping:
    return InstanceMapping(
        instance_uuid=instance.uuid,
        project_id=instance.project_id,
        user_id=instance.user_id,
        context=context,
    )


def _write(
    tx: Any,
    planned: list[Planned],
    group: InstanceGroup | None,
) -> None:
    for spec, build, mapping in planned:
        tx.insert("request_specs", **spec.row())
        tx.insert("build_requests", **build.row())
        tx.insert("instance_mappings", **mapping.row())
    if group is not None:
        group.insert_members(tx, [spec.instance_uuid for spec, _, _ in planned])
