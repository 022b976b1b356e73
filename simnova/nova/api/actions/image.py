"""Actions that make images, or use one: snapshot, backup, rescue, rebuild."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault, Response
from simnova.nova import exception
from simnova.nova.api import views
from simnova.nova.api.actions.registry import Asked, action
from simnova.nova.api.password import generate_password
from simnova.nova.quota import servers as quota


@action(
    "createImage", "createImage", "servers:create_image", schemas={(2, 1): "actions.create_image"}
)
async def create_image(asked: Asked) -> Response:
    """An image of its disk; it is queued, and uploaded afterwards."""
    wanted = asked.value
    await _check_metadata(asked)
    image = await asked.api.snapshot(
        asked.context, asked.instance, wanted["name"], wanted.get("metadata")
    )
    return _image(asked, image)


@action(
    "createBackup", "createBackup", "os-create-backup", schemas={(2, 1): "actions.create_backup"}
)
async def create_backup(asked: Asked) -> Response:
    """An image of its disk, one of so many backups of that type."""
    wanted = asked.value
    await _check_metadata(asked)
    image = await asked.api.backup(
        asked.context,
        asked.instance,
        wanted["name"],
        wanted["backup_type"],
        int(wanted["rotation"]),
        wanted.get("metadata"),
    )
    return _image(asked, image, kept=int(wanted["rotation"]) > 0)


async def _check_metadata(asked: Asked) -> None:
    """Raise `Fault` 403 where the image would have too many items (`check_img_metadata_properties_quota`)."""
    try:
        wanted = asked.value.get("metadata") or {}
        await quota.check_metadata(asked.api.quotas, asked.context, wanted)
    except exception.MetadataLimitExceeded:
        raise Fault(403, "Image metadata limit exceeded") from None


def _image(asked: Asked, image: dict[str, Any], kept: bool = True) -> Response:
    """Which image it is; before 2.45 as a place, where there will be one."""
    if asked.version >= (2, 45):
        return Response(202, {"image_id": image["id"]})
    location = {"Location": f"http://nova-api/images/{image['id']}"}
    return Response(202, None, location if kept else {})


@action("rescue", "rescue", "os-rescue", schemas={(2, 1): "actions.rescue"})
async def rescue(asked: Asked) -> Response:
    """Start it from a rescue image; the password of the rescue system is in the answer."""
    wanted = asked.value or {}
    password = wanted.get("adminPass") or generate_password(asked.context)
    await asked.api.rescue(asked.context, asked.instance, password, wanted.get("rescue_image_ref"))
    return Response(200, {"adminPass": password})


@action("unrescue", "unrescue", "os-unrescue")
async def unrescue(asked: Asked) -> None:
    """Start it from its own disk again."""
    await asked.api.unrescue(asked.context, asked.instance)


_FIELDS = {
    "name": "display_name",
    "metadata": "metadata",
    "description": "display_description",
    "hostname": "hostname",
    "user_data": "user_data",
    "key_name": "key_name",
}
"""What else of a server a rebuild may change, and the column it is in."""

_REBUILD = {
    (2, 1): "actions.rebuild",
    (2, 19): "actions.rebuild_2_19",
    (2, 57): "actions.rebuild_2_57",
    (2, 90): "actions.rebuild_2_90",
}


@action("rebuild", "rebuild", "servers:rebuild", schemas=_REBUILD)
async def rebuild(asked: Asked) -> Response:
    """Make it anew from an image; the answer shows it as it will be."""
    wanted = asked.value
    password = wanted.get("adminPass") or generate_password(asked.context)
    changes = {column: wanted[name] for name, column in _FIELDS.items() if name in wanted}
    try:
        await asked.api.rebuild(
            asked.context, asked.instance, wanted["imageRef"], password, changes
        )
    except exception.ImageNotFound:
        raise Fault(400, "Cannot find image for rebuild") from None
    except exception.KeypairNotFound:
        raise Fault(400, "Invalid key_name provided.") from None
    found = await asked.api.get(asked.context, asked.instance.uuid)
    shown = views.server(found, asked.context.is_admin, asked.version)
    shown["server"]["adminPass"] = password
    return Response(202, shown)
