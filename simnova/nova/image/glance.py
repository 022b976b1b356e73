"""Nova's client for images (`nova/image/glance.py`): Glance's answers as the dicts that Nova works with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from simnova.exceptions import NovaError
from simnova.messaging.files import Stored
from simnova.messaging.rest import ConnectFailure, Response, Rest
from simnova.nova import neighbour_exception as exception
from simnova.nova.adapter import Adapter
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger

LOG = getLogger(__name__)

_BASE = frozenset(
    [
        "id",
        "name",
        "status",
        "visibility",
        "os_hidden",
        "protected",
        "owner",
        "disk_format",
        "container_format",
        "min_disk",
        "min_ram",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "created_at",
        "updated_at",
        "tags",
        "self",
        "file",
        "schema",
    ]
)
_OMITTED = frozenset(["self", "schema", "protected", "virtual_size", "file", "tags"])
_JSON_PROPERTIES = ("block_device_mapping", "mappings")


class API:
    """The image API, as other parts of Nova use it; `num_retries` is `[glance] num_retries`."""

    def __init__(self, rest: Rest, num_retries: int = 3) -> None:
        self.clock = rest.clock
        self.num_retries = num_retries
        self._client = Adapter(rest, "glance")

    async def get(
        self, context: RequestContext, id_or_uri: str, include_locations: bool = False
    ) -> dict[str, Any]:
        """An image as a dict: `properties` holds its own. Raises `ImageNotFound`, `ImageNotAuthorized`."""
        image_id = _id(id_or_uri)
        response = await self._call(context, "GET", f"/v2/images/{image_id}")
        if not response:
            raise _translated(response, image_id)
        return _translate_from_glance(response.body)

    async def get_all(self, context: RequestContext, **filters: str) -> list[dict[str, Any]]:
        """The images for this user that fit the filters."""
        query = f"?{urlencode(sorted(filters.items()))}" if filters else ""
        response = await self._call(context, "GET", f"/v2/images{query}")
        if not response:
            raise _translated(response, "")
        return [_translate_from_glance(image) for image in response.body["images"]]

    async def create(
        self, context: RequestContext, image_info: Mapping[str, Any], data: bytes | None = None
    ) -> dict[str, Any]:
        """A new image, with its data where that is at hand."""
        response = await self._call(context, "POST", "/v2/images", _translate_to_glance(image_info))
        if not response:
            raise _translated(response, str(image_info.get("id", "")))
        if data is None:
            return _translate_from_glance(response.body)
        return await self.upload(context, response.body["id"], data)

    async def upload(self, context: RequestContext, image_id: str, data: bytes) -> dict[str, Any]:
        """Give a queued image its data; the image as it is then."""
        response = await self._call(context, "PUT", f"/v2/images/{image_id}/file", data)
        if not response:
            raise _translated(response, image_id)
        return await self.get(context, image_id)

    async def update(
        self,
        context: RequestContext,
        image_id: str,
        image_info: Mapping[str, Any],
        size: int,
        stored: Stored | None = None,
    ) -> dict[str, Any]:
        """Complete a queued image and upload `size` bytes, of a file or held by nobody; the image as it is then."""
        values = _translate_to_glance(image_info)
        changes = [
            {"op": "add", "path": f"/{name}", "value": value} for name, value in values.items()
        ]
        answer = await self._call(context, "PATCH", f"/v2/images/{image_id}", changes)
        if not answer:
            raise _translated(answer, image_id)
        url = f"/v2/images/{image_id}/file"
        headers = stored.headers if stored else {"Content-Length": str(size)}
        answer = await self._client.send(context, "PUT", url, None, **headers)
        if not answer:
            raise _translated(answer, image_id)
        return await self.get(context, image_id)

    async def download(self, context: RequestContext, id_or_uri: str) -> bytes | Stored | None:
        """An image's data, or the file that they are in; None where Glance only knows their size."""
        image_id = _id(id_or_uri)
        response = await self._call(context, "GET", f"/v2/images/{image_id}/file")
        if not response:
            raise _translated(response, image_id)
        return response.text if isinstance(response.text, bytes) else Stored.told(response.headers)

    async def delete(self, context: RequestContext, id_or_uri: str) -> None:
        """Delete an image."""
        image_id = _id(id_or_uri)
        response = await self._call(context, "DELETE", f"/v2/images/{image_id}")
        if response.status == 409:
            raise exception.ImageDeleteConflict(reason=_message(response))
        if not response:
            raise _translated(response, image_id)

    async def _call(
        self, context: RequestContext, method: str, url: str, body: Any = None
    ) -> Response:
        """Ask again, a second later each time, while Glance does not answer or is out of order."""
        for attempt in range(self.num_retries + 1):
            failure: str | None = None
            try:
                response = await self._client.send(context, method, url, body, None)
                if response.status != 503:
                    return response
                failure = _message(response)
            except ConnectFailure as error:
                failure = str(error)
            last = attempt == self.num_retries
            LOG.error(
                "Error contacting glance server 'http://glance' for '%s', %s. %s",
                *(method, "done trying" if last else "retrying", failure),
            )
            if not last:
                await self.clock.sleep(1)
        raise exception.GlanceConnectionFailed(server="http://glance", reason=failure)


def _id(id_or_uri: str) -> str:
    return str(id_or_uri).rsplit("/", 1)[-1]


def _message(response: Response) -> str:
    body = response.body
    text = body.get("message", "") if isinstance(body, dict) else ""
    return str(text).partition("<br />")[0]


def _translated(response: Response, image_id: str) -> NovaError:
    """Glance's refusal as Nova's exception (`_translate_image_exception`)."""
    if response.status in (401, 403):
        return exception.ImageNotAuthorized(image_id=image_id)
    if response.status == 404:
        return exception.ImageNotFound(image_id=image_id)
    if response.status == 400:
        return exception.ImageBadRequest(image_id=image_id, response=_message(response))
    if response.status == 413:
        return exception.ImageQuotaExceeded(image_id=image_id)
    return NovaError(_message(response))


def _translate_from_glance(image: Mapping[str, Any]) -> dict[str, Any]:
    """Base properties at the top, the image's own in `properties`."""
    shown: dict[str, Any] = {"properties": {}, "deleted": False, "deleted_at": None}
    for name, value in image.items():
        if name == "visibility":
            shown["is_public"] = value == "public"
        elif name in _BASE and name not in _OMITTED:
            shown[name] = value
        elif name not in _BASE:
            shown["properties"][name] = value
    shown["size"] = shown.get("size") or 0
    for name in _JSON_PROPERTIES:
        if isinstance(shown["properties"].get(name), str):
            shown["properties"][name] = json.loads(shown["properties"][name])
    return shown


def _translate_to_glance(image: Mapping[str, Any]) -> dict[str, Any]:
    sent = {
        name: value
        for name, value in image.items()
        if name in _BASE and name not in ("status", "size", "checksum", "created_at", "updated_at")
    }
    if "is_public" in image:
        sent["visibility"] = "public" if image["is_public"] else "private"
    for name, value in image.get("properties", {}).items():
        sent[name] = value if isinstance(value, str) else json.dumps(value)
    return sent
