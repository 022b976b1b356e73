"""Making an image of a guest's disk: snapshot, backup with rotation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.compute.manager.wrappers import (
    instance_operation,
    reverts_task_state,
    wrap_instance_fault,
)
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import PowerState, TaskState

LOG = getLogger("nova.compute.manager")


class Images(Base):
    """Casts from the API; the image is there already, queued."""

    @instance_operation
    async def snapshot_instance(
        self, context: RequestContext, instance: Instance, image_id: str
    ) -> None:
        """Upload the guest's disk as that image, in a task of its own: the event of the action ends before that."""
        instance.task_state = TaskState.IMAGE_SNAPSHOT
        try:
            await instance.save(expected_task_state=TaskState.IMAGE_SNAPSHOT_PENDING)
        except exception.InstanceNotFound:
            text = "Instance not found, could not set state %s for instance."
            LOG.debug(text, TaskState.IMAGE_SNAPSHOT, instance=instance)
            return
        except exception.UnexpectedDeletingTaskStateError:
            LOG.debug("Instance being deleted, snapshot cannot continue", instance=instance)
            return
        self.place.clock.spawn(self._snapshot_alone(context, instance, image_id))

    async def _snapshot_alone(
        self, context: RequestContext, instance: Instance, image_id: str
    ) -> None:
        """Nobody waits for it: what failed is in the server's fault, and the log."""
        try:
            await self._snapshot_instance(context, instance, image_id, TaskState.IMAGE_SNAPSHOT)
        except Exception as error:
            LOG.debug("The snapshot has ended: %s", error, instance=instance)

    @instance_operation
    async def backup_instance(
        self,
        context: RequestContext,
        instance: Instance,
        image_id: str,
        backup_type: str,
        rotation: int,
    ) -> None:
        """The same; then the oldest backups of that type beyond `rotation` are deleted."""
        await self._snapshot_instance(context, instance, image_id, TaskState.IMAGE_BACKUP)
        await self._rotate_backups(context, instance, backup_type, rotation)

    @reverts_task_state
    @wrap_instance_fault
    async def _snapshot_instance(
        self, context: RequestContext, instance: Instance, image_id: str, expected: TaskState
    ) -> None:
        async with self._snapshot_semaphore, self._delete_image_on_error(context, image_id):
            try:
                await self._take(context, instance, image_id, expected)
            except (exception.InstanceNotFound, exception.UnexpectedDeletingTaskStateError):
                LOG.debug("Instance disappeared during snapshot", instance=instance)
                await self._forget(context, image_id)
            except exception.ImageNotFound:
                instance.task_state = None
                await instance.save()
                LOG.warning("Image not found during snapshot", instance=instance)

    async def _take(
        self, context: RequestContext, instance: Instance, image_id: str, expected: TaskState
    ) -> None:
        started = self.place.clock.now
        instance.power_state = await self._get_power_state(instance)
        await instance.save()
        LOG.info("instance snapshotting", instance=instance)
        if instance.power_state != PowerState.RUNNING:
            text = "trying to snapshot a non-running instance: (state: %s expected: %s)"
            LOG.warning(text, instance.power_state, PowerState.RUNNING.value, instance=instance)

        async def update_task_state(
            task_state: TaskState, expected_state: TaskState = expected
        ) -> None:
            instance.task_state = task_state
            await instance.save(expected_task_state=expected_state)

        await self.driver.snapshot(context, instance, image_id, update_task_state)
        took = self.place.clock.now - started
        text = "Took %0.2f seconds to snapshot the instance on the hypervisor."
        LOG.info(text, took, instance=instance)
        instance.task_state = None
        await instance.save(expected_task_state=TaskState.IMAGE_UPLOADING)

    @asynccontextmanager
    async def _delete_image_on_error(
        self, context: RequestContext, image_id: str
    ) -> AsyncIterator[None]:
        try:
            yield
        except Exception:
            LOG.debug("Cleaning up image %s", image_id)
            await self._forget(context, image_id)
            raise

    async def _forget(self, context: RequestContext, image_id: str) -> None:
        try:
            await self.image_api.delete(context, image_id)
        except NovaError as error:
            LOG.warning("Error while trying to clean up image %s: %s", image_id, error)

    # --- rotation -----------------------------------------------------------------------------------------------

    async def _rotate_backups(
        self, context: RequestContext, instance: Instance, backup_type: str, rotation: int
    ) -> None:
        filters = {
            "image_type": "backup",
            "backup_type": backup_type,
            "instance_uuid": instance.uuid,
        }
        newest_first = await self.image_api.get_all(context, **filters)
        text = "Found %d images (rotation: %d)"
        LOG.debug(text, len(newest_first), rotation, instance=instance)
        excess = newest_first[rotation:]
        if excess:
            LOG.debug("Rotating out %d backups", len(excess), instance=instance)
        for image in reversed(excess):
            LOG.debug("Deleting image %s", image["id"], instance=instance)
            await self._forget(context, image["id"])
