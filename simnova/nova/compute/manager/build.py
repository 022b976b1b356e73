"""Building a server: claim, network, block devices, guest (`_do_build_and_run_instance`)."""

from __future__ import annotations

from typing import Any

from simnova.nova import exception
from simnova.nova.compute.manager.build_network import BuildNetworks
from simnova.nova.compute.manager.failure import GONE, NOT_ALLOCATED, Build, Result, abort, ended_by
from simnova.nova.compute.manager.group_policy import GroupPolicy
from simnova.nova.compute.manager.wrappers import instance_operation
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.network.model import FailedNetworkInfo, NetworkInfo
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.virt import configdrive

LOG = getLogger("nova.compute.manager")


class Builds(BuildNetworks, GroupPolicy):
    """How a server comes to be on its host."""

    async def build_and_run_instance(self, context: RequestContext, **request: Any) -> None:
        """Cast: build a server here (the arguments are the fields of `Build`).

        `max_concurrent_builds` builds run at a time; the others wait.
        """
        build = Build(context, **request)
        async with self._lock(build.instance.uuid), self._build_semaphore:
            try:
                result = await self._do_build_and_run_instance(context, build.instance, build)
            except Exception:
                await self._build_ended(build, Result.FAILED)
                raise
            await self._build_ended(build, result)

    async def _build_ended(self, build: Build, result: Result) -> None:
        """What failed holds nothing of this host any more, also where an error came out of its own clean-up."""
        if result == Result.FAILED:
            await self._delete_allocation(build)
        if result == Result.ACTIVE:
            self.rt.build_succeeded()
        elif result in (Result.FAILED, Result.RESCHEDULED):
            self.rt.build_failed()

    @instance_operation
    async def _do_build_and_run_instance(
        self, context: RequestContext, instance: Instance, build: Build
    ) -> Result:
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
        except GONE:
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
                hints = build.request_spec.scheduler_hints
                await self._validate_instance_group_policy(context, instance, hints)
                network_info = await self._build_networks(build)
                await self._prep_block_device(build)
                instance.task_state = TaskState.SPAWNING
                await instance.save(expected_task_state=TaskState.BLOCK_DEVICE_MAPPING)
                await self._spawn(build, allocations, network_info)
        except (*GONE, exception.BuildAbortException):
            raise
        except Exception as error:
            raise ended_by(instance, error) from error
        await self._set_active(build)

    async def _build_networks(self, build: Build) -> NetworkInfo:
        """The VIFs. An allocation that has failed is noticed by who reads them, which is the driver.

        Raises BuildAbortException where it could not even begin.
        """
        instance = build.instance
        LOG.debug("Start building networks asynchronously for instance.", instance=instance)
        try:
            return await self._build_networks_for_instance(build)
        except GONE:
            raise
        except exception.UnexpectedTaskStateError as error:
            raise abort(instance, str(error)) from error
        except Exception as error:
            LOG.exception("Failed to allocate network(s)", instance=instance)
            raise abort(instance, NOT_ALLOCATED) from error

    async def _build_networks_for_instance(self, build: Build) -> NetworkInfo:
        """Ports that an earlier host could not give back are brought here; else there are none yet."""
        context, instance = build.context, build.instance
        if instance.system_metadata.get("network_allocated") == "True":
            await self.network_api.setup_instance_network_on_host(context, instance, self.host)
            return await self.network_api.get_instance_nw_info(context, instance)
        instance.task_state = TaskState.NETWORKING
        await instance.save(expected_task_state=[None])
        try:
            network_info = await self._allocate_network(build)
        except Exception as error:
            return FailedNetworkInfo(error)
        LOG.debug("Instance network_info: |%s|", network_info, instance=instance)
        instance.network_info = network_info
        instance.system_metadata = {**instance.system_metadata, "network_allocated": "True"}
        return network_info

    async def _prep_block_device(self, build: Build) -> None:
        try:
            await self._map_block_devices(build)
        except GONE:
            raise
        except exception.UnexpectedTaskStateError as error:
            raise abort(build.instance, str(error)) from error
        except Exception as error:
            LOG.exception("Failure prepping block device", instance=build.instance)
            raise abort(build.instance, "Failure prepping block device.") from error

    async def _map_block_devices(self, build: Build) -> None:
        instance = build.instance
        was, instance.task_state = instance.task_state, TaskState.BLOCK_DEVICE_MAPPING
        instance.root_device_name = instance.root_device_name or "/dev/vda"
        await instance.save(expected_task_state=was)
        for mapping in build.block_device_mapping:
            mapping.device_name = mapping.device_name or instance.root_device_name
            await mapping.save()

    async def _spawn(
        self, build: Build, allocations: dict[str, Any] | None, network_info: NetworkInfo
    ) -> None:
        instance, started = build.instance, self.place.clock.now
        LOG.debug("Start spawning the instance on the hypervisor.", instance=instance)
        try:
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
        except Exception as error:
            if isinstance(network_info, FailedNetworkInfo):
                await self._clean_up_failed_networks(build, error)
            raise
        took = self.place.clock.now - started
        LOG.info(
            "Took %0.2f seconds to spawn the instance on the hypervisor.", took, instance=instance
        )

    async def _set_active(self, build: Build) -> None:
        context, instance = build.context, build.instance
        instance.power_state = (await self.driver.get_info(instance)).state
        instance.vm_state, instance.task_state = VmState.ACTIVE, None
        configdrive.update_instance(self.conf, instance)
        instance.launched_at = context.now()
        metadata = instance.system_metadata
        instance.system_metadata = {
            key: metadata[key] for key in metadata if key != "network_allocated"
        }
        await instance.save(expected_task_state=TaskState.SPAWNING)
        await self._update_scheduler_instance_info(context, [instance])
