"""nova-compute's side of every operation on a server (`nova/compute/manager.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simnova.config import Config
from simnova.kernel.lock import Semaphore
from simnova.messaging.rpc import Target
from simnova.nova import exception
from simnova.nova.compute.resource_tracker import ResourceTracker
from simnova.nova.conductor.rpcapi import ComputeTaskAPI
from simnova.nova.context import Place, RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.manager import Manager, Periodic
from simnova.nova.network import neutron
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import EventReporter
from simnova.nova.objects.instance_fault import add_instance_fault_from_exc
from simnova.nova.objects.network_request import NetworkRequest
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.selection import Selection
from simnova.nova.objects.states import PowerState, TaskState, VmState
from simnova.nova.scheduler.client.report import SchedulerReportClient
from simnova.nova.scheduler.rpcapi import SchedulerAPI
from simnova.nova.virt.driver import ComputeDriver

LOG = getLogger("nova.compute.manager")

_GONE = (exception.InstanceNotFound, exception.UnexpectedDeletingTaskStateError)


class Result(StrEnum):
    """How a build ended (`nova.compute.build_results`)."""

    ACTIVE = "active"
    FAILED = "failed"
    RESCHEDULED = "rescheduled"


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


class ComputeManager(Manager):
    """Builds and deletes the servers of one host, and keeps the books about it."""

    def __init__(
        self,
        host: str,
        place: Place,
        conf: Config,
        driver: ComputeDriver,
        network_api: neutron.API,
        reportclient: SchedulerReportClient,
        scheduler: SchedulerAPI,
        conductor: ComputeTaskAPI,
    ) -> None:
        self.host = host
        self.place = place
        self.conf = conf
        self.driver = driver
        self.network_api = network_api
        self.reportclient = reportclient
        self.query_client = scheduler
        self.compute_task_api = conductor
        self.rt = ResourceTracker(host, conf, driver, reportclient, Semaphore(place.clock))
        self._build_semaphore = Semaphore(place.clock, conf.max_concurrent_builds or 10**9)

    target = Target(version="6.5")

    async def init_host(self) -> None:
        """Get the hypervisor ready when the service starts, and report what the host has."""
        await self.driver.init_host(self.host)
        await self.update_available_resource()

    def periodic_tasks(self) -> list[Periodic]:
        """The audit, every `update_resources_interval` seconds (0 is oslo.service's 60; below, never)."""
        spacing = self.conf.update_resources_interval
        return [] if spacing < 0 else [Periodic(self.update_available_resource, spacing or 60.0)]

    async def update_available_resource(self) -> None:
        """Periodic task: audit what the host has and what is used of it."""
        context = get_admin_context(self.place)
        for nodename in await self.driver.get_available_nodes():
            await self.rt.update_available_resource(context, nodename)

    # --- build ------------------------------------------------------------------------------------------------

    async def build_and_run_instance(self, context: RequestContext, **request: Any) -> None:
        """Cast: build a server here (the arguments are the fields of `Build`).

        `max_concurrent_builds` builds run at a time; the others wait.
        """
        build = Build(context, **request)
        async with self._build_semaphore:
            event = "compute__do_build_and_run_instance"
            async with EventReporter(context, event, self.host, build.instance.uuid):
                result = await self._do_build_and_run_instance(build)
            if result == Result.FAILED:
                await self._delete_allocation(build)
            if result == Result.ACTIVE:
                self.rt.build_succeeded()
            else:
                self.rt.build_failed()

    async def _do_build_and_run_instance(self, build: Build) -> Result:
        instance = build.instance
        LOG.debug("Starting instance...", instance=instance)
        instance.vm_state, instance.task_state = VmState.BUILDING, None
        try:
            await instance.save(expected_task_state=[TaskState.SCHEDULING, None])
        except (exception.InstanceNotFound, exception.UnexpectedTaskStateError) as error:
            LOG.debug(str(error), instance=instance)
            return Result.FAILED
        started = self.place.clock.now
        try:
            await self._build_and_run_instance(build)
        except exception.RescheduledException as error:
            return await self._reschedule(build, error)
        except _GONE:
            LOG.debug("Instance disappeared during build.", instance=instance)
            await self._cleanup_allocated_networks(build)
            return Result.FAILED
        except Exception as error:
            return await self._give_up(build, error)
        LOG.info(
            "Took %0.2f seconds to build instance.",
            self.place.clock.now - started,
            instance=instance,
        )
        return Result.ACTIVE

    async def _build_and_run_instance(self, build: Build) -> None:
        """Claim, network, disks, guest. What fails says by its exception whether another host may try."""
        context, instance = build.context, build.instance
        allocations = await self.reportclient.get_allocations_for_consumer(context, instance.uuid)
        try:
            async with await self.rt.instance_claim(context, instance, build.node, build.limits):
                network_info = await self._build_networks(build)
                await self._prep_block_device(build)
                instance.task_state = TaskState.SPAWNING
                await instance.save(expected_task_state=TaskState.BLOCK_DEVICE_MAPPING)
                await self._spawn(build, allocations, network_info)
        except (*_GONE, exception.BuildAbortException):
            raise
        except (exception.ImageNotActive, exception.FlavorDiskSmallerThanImage) as error:
            raise exception.BuildAbortException(
                instance_uuid=instance.uuid, reason=str(error)
            ) from error
        except exception.ComputeResourcesUnavailable as error:
            LOG.debug(str(error), instance=instance)
            raise exception.RescheduledException(
                instance_uuid=instance.uuid, reason=str(error)
            ) from error
        except Exception as error:
            LOG.exception("Failed to build and run instance", instance=instance)
            raise exception.RescheduledException(
                instance_uuid=instance.uuid, reason=str(error)
            ) from error
        await self._set_active(build)

    async def _build_networks(self, build: Build) -> list[dict[str, Any]]:
        instance = build.instance
        LOG.debug("Start building networks asynchronously for instance.", instance=instance)
        instance.task_state = TaskState.NETWORKING
        await instance.save(expected_task_state=[None])
        try:
            network_info = await self.network_api.allocate_for_instance(
                build.context,
                instance,
                build.requested_networks,
                build.security_groups,
                bind_host_id=self.host,
            )
        except Exception as error:
            LOG.exception("Failed to allocate network(s)", instance=instance)
            text = "Failed to allocate the network(s), not rescheduling."
            raise exception.BuildAbortException(instance_uuid=instance.uuid, reason=text) from error
        LOG.debug("Instance network_info: |%s|", network_info, instance=instance)
        instance.network_info = network_info
        instance.system_metadata = {**instance.system_metadata, "network_allocated": "True"}
        return network_info

    async def _prep_block_device(self, build: Build) -> None:
        instance = build.instance
        instance.task_state = TaskState.BLOCK_DEVICE_MAPPING
        instance.root_device_name = instance.root_device_name or "/dev/vda"
        await instance.save(expected_task_state=TaskState.NETWORKING)
        for mapping in build.block_device_mapping:
            mapping.device_name = mapping.device_name or instance.root_device_name
            await mapping.save()

    async def _spawn(
        self, build: Build, allocations: dict[str, Any] | None, network_info: list[dict[str, Any]]
    ) -> None:
        instance, started = build.instance, self.place.clock.now
        LOG.debug("Start spawning the instance on the hypervisor.", instance=instance)
        await self.driver.spawn(
            build.context,
            instance,
            ImageMeta.from_dict(build.image),
            build.injected_files,
            build.admin_password,
            allocations,
            network_info=network_info,
            block_device_info={"root_device_name": instance.root_device_name},
        )
        took = self.place.clock.now - started
        LOG.info(
            "Took %0.2f seconds to spawn the instance on the hypervisor.", took, instance=instance
        )

    async def _set_active(self, build: Build) -> None:
        context, instance = build.context, build.instance
        instance.power_state = (await self.driver.get_info(instance)).state
        instance.vm_state, instance.task_state = VmState.ACTIVE, None
        instance.launched_at = context.now()
        metadata = instance.system_metadata
        instance.system_metadata = {
            key: metadata[key] for key in metadata if key != "network_allocated"
        }
        await instance.save(expected_task_state=TaskState.SPAWNING)
        await self.query_client.update_instance_info(context, self.host, [instance])

    # --- when a build fails -----------------------------------------------------------------------------------

    async def _reschedule(self, build: Build, error: exception.RescheduledException) -> Result:
        """Give the server back to the conductor, with the alternates that are left, if any were ever given."""
        context, instance = build.context, build.instance
        retry = build.filter_properties.get("retry")
        if not retry:
            LOG.debug("Retry info not present, will not reschedule", instance=instance)
            return await self._give_up(build, error, error.kwargs["reason"])
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
            filter_properties={"retry": {**retry, "exc_reason": error.kwargs["reason"]}},
            admin_password=build.admin_password,
            injected_files=build.injected_files,
            requested_networks=build.requested_networks,
            security_groups=build.security_groups,
            block_device_mapping=build.block_device_mapping,
            request_spec=build.request_spec,
            host_lists=None if build.host_list is None else [build.host_list],
        )
        return Result.RESCHEDULED

    async def _give_up(self, build: Build, error: Exception, message: str | None = None) -> Result:
        """The server goes to ERROR here and now, with the fault that says why."""
        context, instance = build.context, build.instance
        if isinstance(error, exception.BuildAbortException):
            LOG.error(str(error), instance=instance)
        else:
            LOG.exception("Unexpected build failure, not rescheduling build.", instance=instance)
        await self._cleanup_allocated_networks(build)
        await add_instance_fault_from_exc(
            context, instance.uuid, error, host=self.host, message=message
        )
        instance.host = instance.node = None
        await self._set_instance_obj_error_state(instance)
        return Result.FAILED

    async def _delete_allocation(self, build: Build) -> None:
        await self.reportclient.delete_allocation_for_instance(
            build.context, build.instance.uuid, force=True
        )

    async def _cleanup_allocated_networks(self, build: Build) -> None:
        instance = build.instance
        if not instance.system_metadata.get("network_allocated"):
            return
        LOG.debug("Unplugging VIFs for instance", instance=instance)
        await self.network_api.deallocate_for_instance(build.context, instance)
        instance.network_info = []
        metadata = instance.system_metadata
        instance.system_metadata = {
            key: metadata[key] for key in metadata if key != "network_allocated"
        }

    async def _set_instance_obj_error_state(self, instance: Instance) -> None:
        instance.vm_state, instance.task_state = VmState.ERROR, None
        try:
            await instance.save()
        except exception.InstanceNotFound:
            LOG.debug(
                "Instance has been destroyed from under us while trying to set it to ERROR",
                instance=instance,
            )

    # --- delete -----------------------------------------------------------------------------------------------

    async def terminate_instance(
        self, context: RequestContext, instance: Instance, bdms: list[BlockDeviceMapping]
    ) -> None:
        """Cast: delete a server of this host: guest, ports, allocation, row."""
        async with EventReporter(context, "compute_terminate_instance", self.host, instance.uuid):
            try:
                await self._delete_instance(context, instance)
            except exception.InstanceNotFound:
                LOG.info("Instance disappeared during terminate", instance=instance)
            except Exception as error:
                LOG.exception("Setting instance vm_state to ERROR", instance=instance)
                await self._set_instance_obj_error_state(instance)
                await add_instance_fault_from_exc(context, instance.uuid, error, host=self.host)

    async def _delete_instance(self, context: RequestContext, instance: Instance) -> None:
        LOG.info("Terminating instance", instance=instance)
        started = self.place.clock.now
        await self.driver.destroy(context, instance, instance.network_info)
        took = self.place.clock.now - started
        LOG.info(
            "Took %0.2f seconds to destroy the instance on the hypervisor.", took, instance=instance
        )
        await self.network_api.deallocate_for_instance(context, instance)
        instance.network_info = []
        instance.vm_state, instance.task_state = VmState.DELETED, None
        instance.power_state = PowerState.NOSTATE
        instance.terminated_at = context.now()
        await instance.save()
        await self._complete_deletion(context, instance)
        await instance.destroy()

    async def _complete_deletion(self, context: RequestContext, instance: Instance) -> None:
        await self.rt.update_usage(context, instance)
        await self.reportclient.delete_allocation_for_instance(context, instance.uuid, force=True)
        await self.query_client.delete_instance_info(context, self.host, instance.uuid)
