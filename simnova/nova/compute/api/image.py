"""Operations that make an image of a server: snapshot, backup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.exceptions import NovaError
from simnova.nova import exception
from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import check_instance_state
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState

LOG = getLogger("nova.compute.api")

HAS_A_DISK = (VmState.ACTIVE, VmState.STOPPED, VmState.PAUSED, VmState.SUSPENDED)


class Images(Base):
    """Images of servers. A lock does not refuse them: they change nothing of the server."""

    @check_instance_state(vm_state=HAS_A_DISK)
    async def snapshot(
        self,
        context: RequestContext,
        instance: Instance,
        name: str,
        extra_properties: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Have the server's disk uploaded as an image; returns the image, queued as it is now."""
        image = await self._create_image(context, instance, name, "snapshot", extra_properties)
        instance.task_state = TaskState.IMAGE_SNAPSHOT_PENDING
        try:
            await instance.save(expected_task_state=None)
        except (exception.InstanceNotFound, exception.UnexpectedDeletingTaskStateError) as error:
            await self._forget_image(context, instance, image["id"])
            raise _disappeared(instance, error) from None
        await self._record_action_start(context, instance, "createImage")
        await self.compute_rpcapi.snapshot_instance(context, instance, image["id"])
        return image

    @check_instance_state(vm_state=HAS_A_DISK)
    async def backup(
        self,
        context: RequestContext,
        instance: Instance,
        name: str,
        backup_type: str,
        rotation: int,
        extra_properties: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The same, as one of at most `rotation` backups of a type: the oldest ones are deleted."""
        properties = {**(extra_properties or {}), "backup_type": backup_type}
        image = await self._create_image(context, instance, name, "backup", properties)
        instance.task_state = TaskState.IMAGE_BACKUP
        await instance.save(expected_task_state=None)
        await self._record_action_start(context, instance, "createBackup")
        await self.compute_rpcapi.backup_instance(
            context, instance, image["id"], backup_type, rotation
        )
        return image

    async def _create_image(
        self,
        context: RequestContext,
        instance: Instance,
        name: str,
        image_type: str,
        extra_properties: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A queued image with what a server's image tells of it (`nova.compute.utils.create_image`)."""
        kept = instance.system_metadata
        theirs = context.project_id != instance.project_id
        properties = {
            "instance_uuid": instance.uuid,
            "user_id": str(context.user_id),
            "image_type": image_type,
            "base_image_ref": kept.get("image_base_image_ref") or instance.image_ref or "",
            **ImageMeta.from_system_metadata(_image_part(kept)).properties,
            **(extra_properties or {}),
            **({"instance_owner": instance.project_id} if theirs else {}),
        }
        image: dict[str, Any] = {
            "name": name,
            "min_ram": int(kept.get("image_min_ram", 0)),
            "min_disk": instance.flavor.root_gb,
            "visibility": "shared" if theirs else "private",
            "properties": properties,
        }
        if image_type != "snapshot":
            image["disk_format"] = kept.get("image_disk_format", "qcow2")
            image["container_format"] = kept.get("image_container_format", "bare")
        return await self.image_api.create(context, image)

    async def _forget_image(
        self, context: RequestContext, instance: Instance, image_id: str
    ) -> None:
        try:
            await self.image_api.delete(context, image_id)
        except NovaError as error:
            text = "Error while trying to clean up image %s: %s"
            LOG.warning(text, image_id, error, instance=instance)


def _image_part(metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: metadata[key] for key in metadata if key.startswith("image_")}


def _disappeared(instance: Instance, error: Exception) -> exception.InstanceInvalidState:
    gone = isinstance(error, exception.InstanceNotFound)
    return exception.InstanceInvalidState(
        attr="vm_state" if gone else "task_state",
        instance_uuid=instance.uuid,
        state=VmState.DELETED if gone else TaskState.DELETING,
        method="snapshot",
    )
