"""Files that nobody needs any more: base images, disks of deleted servers, and of moves that came to nothing."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.migration import Migration
from simnova.nova.periodic_task import periodic_task

LOG = getLogger("nova.compute.manager")


class Leftovers(Base):
    """The tidying of `instances_path`."""

    @periodic_task(
        "base images that no server of this host uses",
        spacing="image_cache.manager_interval",
        option="image_cache.remove_unused_base_images",
    )
    async def _run_image_cache_manager_pass(self) -> None:
        """Run a single pass of the image cache manager, where the driver has one; hosts share no storage."""
        if not self.driver.capabilities.get("has_imagecache", False):
            return
        context = get_admin_context(self.place)
        instances = await Instance.get_by_host(context, self.host)
        await self.driver.manage_image_cache(context, instances)

    @periodic_task(
        "files of deleted servers that could not be removed, or were deleted while this host was down",
        spacing="instance_delete_interval",
        option="maximum_instance_delete_attempts",
    )
    async def _run_pending_deletes(self) -> None:
        """Try again to remove the files of deleted servers, `maximum_instance_delete_attempts` times."""
        LOG.debug("Cleaning up deleted instances")
        context, most = get_admin_context(self.place), self.conf.maximum_instance_delete_attempts
        instances = await Instance.get_all(context, True, host=self.host, cleaned=0)
        LOG.debug("There are %d instances to clean", len(instances))
        for instance in instances:
            attempts = int(instance.system_metadata.get("clean_attempts", "0"))
            values = {"attempts": attempts, "max": most}
            text = "Instance has had %(attempts)s of %(max)s cleanup attempts"
            LOG.debug(text, values, instance=instance)
            if attempts < most:
                success = await self.driver.delete_instance_files(instance)
                await instance.note_cleaning(attempts + 1, success)

    @periodic_task(
        "disks that a failed move of a server has left, which was deleted meanwhile",
        spacing="instance_delete_interval",
    )
    async def _cleanup_incomplete_migrations(self) -> None:
        """Remove what failed moves to or from here have left of servers that are gone, and call the moves failed."""
        LOG.debug("Cleaning up deleted instances with incomplete migration ")
        context = get_admin_context(self.place)
        failed = {"host": self.host, "status": "error"}
        migrations = {str(one.instance_uuid): one for one in await _latest_last(context, failed)}
        if not migrations:
            return
        for instance in await Instance.get_all(context, True, uuid=list(migrations)):
            if instance.host != self.host:
                await self.driver.delete_instance_files(instance)
                await _call_failed(migrations[instance.uuid], instance)


async def _latest_last(context: RequestContext, filters: dict[str, str]) -> list[Migration]:
    found = await Migration.get_by_filters(context, filters)
    return list(reversed(found))


async def _call_failed(migration: Migration, instance: Instance) -> None:
    migration.status = "failed"
    try:
        await migration.save()
    except exception.MigrationNotFound:
        LOG.warning("Migration %s is not found.", migration.id, instance=instance)
