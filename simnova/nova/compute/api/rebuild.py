"""A server is made anew, from its image or from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import check_instance_lock, check_instance_state
from simnova.nova.compute.api.create import check_image, public_key
from simnova.nova.context import RequestContext
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.request_spec import RequestSpec
from simnova.nova.objects.states import TaskState, VmState
from simnova.nova.quota import servers as quota


class Rebuild(Base):
    """Rebuild: the same server, host, ports and addresses; a new disk."""

    @check_instance_lock
    @check_instance_state(vm_state=(VmState.ACTIVE, VmState.STOPPED, VmState.ERROR))
    async def rebuild(
        self,
        context: RequestContext,
        instance: Instance,
        image_href: str,
        admin_password: str | None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the server anew; `changes` are fields of it (name, metadata, …) that change with it.

        With another image the scheduler is asked whether the server's host may have it. Raises what the check of an
        image raises, and MetadataLimitExceeded.
        """
        image = await self.image_api.get(context, image_href)
        await quota.check_metadata(self.quotas, context, (changes or {}).get("metadata") or {})
        check_image(ImageMeta.from_dict(image), instance.flavor)
        spec = await RequestSpec.get_by_instance_uuid(context, instance.uuid)
        was, old = instance.image_ref, dict(instance.system_metadata)
        changes = dict(changes or {})
        if "key_name" in changes:
            key = changes["key_name"]
            changes["key_data"] = await public_key(context, key) if key else None
        for name, value in changes.items():
            setattr(instance, name, value)
        instance.task_state = TaskState.REBUILDING
        instance.image_ref, instance.progress = image_href, 0
        await instance.save(expected_task_state=None)
        instance.system_metadata = _with_image(old, image)
        await instance.save()
        await self._record_action_start(context, instance, "rebuild")
        same = was == image_href
        if not same and spec is not None:
            await _check_only(spec, image, instance)
        await self.compute_task_api.rebuild_instance(
            context,
            instance=instance,
            new_pass=admin_password,
            injected_files=[],
            image_ref=image_href,
            orig_image_ref=was,
            orig_sys_metadata=old,
            bdms=await BlockDeviceMapping.get_by_instance_uuid(context, instance.uuid),
            recreate=False,
            on_shared_storage=False,
            preserve_ephemeral=False,
            host=instance.host if same else None,
            request_spec=spec,
            reimage_boot_volume=False,
            target_state=None,
        )


def _with_image(metadata: Mapping[str, str], image: dict[str, Any]) -> dict[str, str]:
    """A server's system metadata with what is kept of the image exchanged (`_reset_image_metadata`)."""
    kept = {key: metadata[key] for key in metadata if not key.startswith("image_")}
    new = ImageMeta.from_dict(image).to_system_metadata()
    return {**kept, **new, "image_base_image_ref": image["id"]}


async def _check_only(spec: RequestSpec, image: dict[str, Any], instance: Instance) -> None:
    """The spec keeps the new image; what goes on asks only about the present host, by filters for a rebuild."""
    spec.image = ImageMeta.from_dict(image)
    await spec.save()
    spec.scheduler_hints = {**spec.scheduler_hints, "_nova_check_type": ["rebuild"]}
    spec.force_hosts = [str(instance.host)]
    spec.force_nodes = [str(instance.node)]
