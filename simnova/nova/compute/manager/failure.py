"""A build that fails: given back to the conductor, or ended in ERROR."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.compute.manager.instance_shutdown import InstanceShutdown
from simnova.nova.compute.manager.wrappers import set_instance_error_state
from simnova.nova.context import RequestContext
from simnova.nova.log import format_exc, getLogger
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_fault import add_instance_fault_from_exc
from simnova.nova.objects.network_request import NetworkRequest
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.objects.states import TaskState

LOG = getLogger("nova.compute.manager")

GONE = (exception.InstanceNotFound, exception.UnexpectedDeletingTaskStateError)
"""The server was deleted meanwhile."""

_UNFIT = (
    exception.FlavorDiskSmallerThanImage,
    exception.FlavorDiskSmallerThanMinDisk,
    exception.FlavorMemoryTooSmall,
    exception.ImageNotActive,
    exception.ImageUnacceptable,
    exception.InvalidInput,
)
"""On no other host would this go better."""

NOT_ALLOCATED = "Failed to allocate the network(s), not rescheduling."


class Result(StrEnum):
    """How a build ended (`nova.compute.build_results`)."""

    ACTIVE = "active"
    FAILED = "failed"
    RESCHEDULED = "rescheduled"
    FAILED_BY_POLICY = "failed_by_policy"
    RESCHEDULED_BY_POLICY = "rescheduled_by_policy"


@dataclass
class Build:
    """What nova-compute is told when it is to build a server; `limits` are the scheduler's."""

    context: RequestContext
    instance: Instance
    image: dict[str, Any]
    request_spec: RequestSpec
    filter_properties: dict[str, Any]
    admin_password: str | None
    injected_files: list[Any]
    requested_networks: list[NetworkRequest] | None
    security_groups: list[str]
    block_device_mapping: list[BlockDeviceMapping]
    node: str
    limits: dict[str, Any] | None
    host_list: list[Selection] | None


class Failures(InstanceShutdown):
    """What is done where a build fails: the next host, or ERROR."""

    async def _reschedule(self, build: Build, error: exception.RescheduledException) -> Result:
        """Give the server back to the conductor, with the alternates that are left, if any were ever given."""
        context, instance = build.context, build.instance
        by_policy = isinstance(error, exception.RescheduledByPolicyException)
        retry = build.filter_properties.get("retry")
        if not retry:
            LOG.debug("Retry info not present, will not reschedule", instance=instance)
            await self._end_in_error(build, error, error.kwargs["reason"])
            return Result.FAILED_BY_POLICY if by_policy else Result.FAILED
        LOG.debug(str(error), instance=instance)
        await self._cleanup_allocated_networks(build)
        instance.host = instance.node = None
        instance.task_state = TaskState.SCHEDULING
        await instance.save()
        await self._delete_allocation(build)
        await self.compute_task_api.build_instances(
            context,
            instances=[instance],
            image=build.image,
            filter_properties={
                "retry": {**retry, "exc": format_exc(), "exc_reason": error.kwargs["reason"]}
            },
            admin_password=build.admin_password,
            injected_files=build.injected_files,
            requested_networks=build.requested_networks,
            security_groups=build.security_groups,
            block_device_mapping=build.block_device_mapping,
            request_spec=build.request_spec,
            host_lists=None if build.host_list is None else [build.host_list],
        )
        return Result.RESCHEDULED_BY_POLICY if by_policy else Result.RESCHEDULED

    async def _give_up(self, build: Build, error: Exception) -> Result:
        """No other host would do better."""
        instance = build.instance
        if isinstance(error, exception.BuildAbortException):
            LOG.error(str(error), instance=instance)
        else:
            LOG.exception("Unexpected build failure, not rescheduling build.", instance=instance)
        await self._end_in_error(build, error)
        return Result.FAILED

    async def _end_in_error(
        self, build: Build, error: Exception, message: str | None = None
    ) -> None:
        """The server goes to ERROR here and now, with the fault that says why."""
        context, instance = build.context, build.instance
        await self._cleanup_allocated_networks(build)
        await add_instance_fault_from_exc(
            context, instance.uuid, error, host=self.host, message=message
        )
        instance.host = instance.node = None
        await set_instance_error_state(instance, clean_task_state=True)

    async def _delete_allocation(self, build: Build) -> None:
        await self.reportclient.delete_allocation_for_instance(
            build.context, build.instance.uuid, force=True
        )

    async def _cleanup_allocated_networks(self, build: Build) -> None:
        """Remove what it has in Neutron, also what Nova does not know of; where that fails it stays."""
        context, instance = build.context, build.instance
        LOG.debug("Unplugging VIFs for instance", instance=instance)
        try:
            if not instance.network_info:
                await self.network_api.get_instance_nw_info(context, instance)
        except Exception as error:
            LOG.warning(
                "Failed to update network info cache when cleaning up allocated networks. "
                "Stale VIFs may be left on this host.Error: %s",
                str(error),
            )
            return
        LOG.debug("Unplugged VIFs for instance", instance=instance)
        try:
            await self._deallocate_network(context, instance, build.requested_networks)
        except Exception:
            LOG.exception("Failed to deallocate networks", instance=instance)
            return
        instance.network_info = []
        instance.system_metadata = {**instance.system_metadata, "network_allocated": "False"}


def abort(instance: Instance, reason: str) -> exception.BuildAbortException:
    """No other host would do better."""
    return exception.BuildAbortException(instance_uuid=instance.uuid, reason=reason)


def reschedule(
    instance: Instance, reason: str, by_policy: bool = False
) -> exception.RescheduledException:
    """Another host may do better; `by_policy`: the server's group, for which this one can do nothing."""
    kind = exception.RescheduledByPolicyException if by_policy else exception.RescheduledException
    return kind(instance_uuid=instance.uuid, reason=reason)


def ended_by(instance: Instance, error: Exception) -> NovaError:
    """What an error makes of the build: BuildAbortException, or for the next host RescheduledException."""
    text = str(error)
    if isinstance(error, exception.ComputeResourcesUnavailable):
        LOG.debug(text, instance=instance)
        return reschedule(instance, text)
    if isinstance(error, _UNFIT):
        return abort(instance, text)
    if isinstance(error, exception.NoMoreFixedIps):
        LOG.warning("No more fixed IP to be allocated", instance=instance)
        said = f"Failed to allocate the network(s) with error {text}, not rescheduling."
        return abort(instance, said)
    if isinstance(error, exception.ExternalNetworkAttachForbidden):
        LOG.exception("Failed to allocate network(s)", instance=instance)
        return abort(instance, NOT_ALLOCATED)
    LOG.exception("Failed to build and run instance", instance=instance)
    return reschedule(instance, text, isinstance(error, exception.GroupAffinityViolation))
