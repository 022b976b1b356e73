"""What can be changed of a server without asking anyone: its name, its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.nova.compute.api.base import Base
from simnova.nova.compute.api.checks import check_instance_lock, check_instance_state
from simnova.nova.context import RequestContext
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import VmState
from simnova.nova.quota import servers as quota

_HAS_METADATA = (VmState.ACTIVE, VmState.PAUSED, VmState.SUSPENDED, VmState.STOPPED)


class Metadata(Base):
    """Update of a server, and its metadata."""

    async def update_instance(
        self, context: RequestContext, instance: Instance, updates: Mapping[str, Any]
    ) -> Instance:
        """Write these fields of a server, or of its build request where it is in no cell yet; the server then."""
        for name, value in updates.items():
            setattr(instance, name, value)
        if instance.id is not None:
            await instance.save()
            return instance
        request = await BuildRequest.get_by_instance_uuid(context, instance.uuid)
        request.instance = instance
        await request.save()
        return instance

    @check_instance_lock
    @check_instance_state(vm_state=_HAS_METADATA, task_state=None)
    async def update_instance_metadata(
        self,
        context: RequestContext,
        instance: Instance,
        metadata: Mapping[str, str],
        delete: bool = False,
    ) -> dict[str, str]:
        """Set these items; with `delete` all others go. Raises MetadataLimitExceeded."""
        new = {**({} if delete else instance.metadata), **metadata}
        await quota.check_metadata(self.quotas, context, new)
        instance.metadata = new
        await instance.save()
        return new

    @check_instance_lock
    @check_instance_state(vm_state=_HAS_METADATA, task_state=None)
    async def delete_instance_metadata(
        self, context: RequestContext, instance: Instance, key: str
    ) -> None:
        """Remove one item."""
        instance.metadata = {
            name: instance.metadata[name] for name in instance.metadata if name != key
        }
        await instance.save()
