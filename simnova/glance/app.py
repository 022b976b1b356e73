"""Glance's API v2 (`glance/api/v2/`): describe an image, then upload its data; only then it is active."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from simnova.db.database import Database
from simnova.db.transaction import Transaction
from simnova.glance import images
from simnova.kernel.clock import Clock
from simnova.messaging.files import Stored
from simnova.messaging.identity import GuardedApp
from simnova.messaging.rest import Fault, Request, Response, route

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_PAGING = ("limit", "marker", "sort_key", "sort_dir", "sort")
_UUID = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


class Glance(GuardedApp):
    """The service: `Glance(clock, databases.open("glance", METADATA))`.

    The data of images is kept in memory, or in files that stay where they are, where there is any: a size alone is
    enough for a simulated hypervisor.
    Where the store is limited it has `room` for so many bytes more.
    """

    def __init__(self, clock: Clock, database: Database) -> None:
        self.clock = clock
        self.database = database
        self.store: dict[str, bytes | Stored] = {}
        self.room: int | None = None

    def fault(self, request: Request, fault: Fault) -> Response:
        """Glance's errors: message, code and title, as webob words them."""
        title = _TITLES.get(fault.status, "Error")
        body = {
            "message": f"{fault.message}<br /><br />\n\n\n",
            "code": f"{fault.status} {title}",
            "title": title,
        }
        return Response(fault.status, body)

    # --- describe ---------------------------------------------------------------------------------------------

    @route("POST", "/v2/images")
    async def create(self, request: Request) -> Response:
        """A new image without data: `queued`."""
        who = await self.who(request)
        body = _object(request)
        images.check({name: value for name, value in body.items() if name != "id"})
        _check_read_only(body)
        image_id = self._new_id(body.get("id"))
        if body.get("visibility") == "public" and not who.is_admin:
            raise Fault(403, "You are not authorized to complete publicize_image action.")
        now = self.clock.utcnow()
        fixed = {"id": image_id, "status": "queued", "created_at": now, "updated_at": now}

        def work(tx: Transaction) -> dict[str, Any]:
            columns, properties, tags = images.split(body)
            if tx.get("images", id=image_id):
                raise Fault(409, f"Image ID {image_id} already exists!")
            defaults = {"visibility": "shared", "owner": who.project_id}
            row = tx.insert("images", **{**defaults, **columns, **fixed})
            images.write_properties(tx, image_id, properties)
            images.write_tags(tx, image_id, tags or [])
            return images.show(tx, row)

        shown = await self.database.transact(work)
        return Response(201, shown, {"location": f"/v2/images/{image_id}"})

    def _new_id(self, given: str | None) -> str:
        if given is None:
            return self.clock.uuid("glance", "image")
        if not _UUID.fullmatch(str(given)):
            raise Fault(
                400, f"Provided object does not match schema 'image': {given!r} is not a UUID"
            )
        return given

    @route("GET", "/v2/images")
    async def index(self, request: Request) -> Response:
        """The images for this user, filtered, a page at a time."""
        who = await self.who(request)
        filters = {
            name: values[-1] for name, values in request.query.items() if name not in _PAGING
        }
        found = await self.database.transact(lambda tx: images.listed(tx, who, filters))
        return Response(200, _page(request, found))

    @route("GET", "/v2/images/{image_id}")
    async def show(self, request: Request, image_id: str) -> Response:
        """One image."""
        who = await self.who(request)
        return Response(
            200,
            await self.database.transact(
                lambda tx: images.show(tx, images.find(tx, image_id, who))
            ),
        )

    @route("PATCH", "/v2/images/{image_id}")
    async def update(self, request: Request, image_id: str) -> Response:
        """Change an image by a JSON patch of `add`, `replace` and `remove`."""
        who = await self.who(request)
        changes = request.body
        if not isinstance(changes, list):
            raise Fault(400, "Request body must be a JSON array of operation objects.")

        def work(tx: Transaction) -> dict[str, Any]:
            row = images.own(tx, image_id, who)
            wanted = _patched(images.show(tx, row), changes)
            columns, properties, tags = images.split(wanted)
            images.check({name: columns[name] for name in columns if name not in images.READ_ONLY})
            columns["updated_at"] = self.clock.utcnow()
            tx.update("images", {"id": image_id}, _without(columns, "id"))
            images.write_properties(tx, image_id, _without(properties, "self", "file", "schema"))
            images.write_tags(tx, image_id, tags or [])
            return images.show(tx, {**row, **columns})

        return Response(200, await self.database.transact(work))

    @route("DELETE", "/v2/images/{image_id}")
    async def delete(self, request: Request, image_id: str) -> Response:
        """Delete an image that is not protected, data and all."""
        who = await self.who(request)

        def work(tx: Transaction) -> int:
            row = images.own(tx, image_id, who)
            if row["protected"]:
                raise Fault(403, f"Image {image_id} is protected and cannot be deleted.")
            for table in ("image_properties", "image_tags"):
                tx.delete(table, {"image_id": image_id})
            tx.delete("images", {"id": image_id})
            return int(row["size"] or 0)

        freed = await self.database.transact(work)
        if self.room is not None:
            self.room += freed
        self.store.pop(image_id, None)
        return Response(204)

    # --- data -------------------------------------------------------------------------------------------------

    @route("PUT", "/v2/images/{image_id}/file")
    async def upload(self, request: Request, image_id: str) -> Response:
        """Take an image's data; the image is `active` then.

        A request without data but with a Content-Length is an upload of that many bytes which nobody needs to hold.
        """
        who = await self.who(request)
        data = request.text if isinstance(request.text, bytes) else Stored.told(request.headers)
        uploaded = self._uploaded(image_id, data, int(request.headers.get("content-length", "0")))

        def work(tx: Transaction) -> None:
            row = images.own(tx, image_id, who)
            if row["status"] != "queued":
                raise Fault(
                    409, f"Image status transition from {row['status']} to saving is not allowed"
                )
            if not (row["disk_format"] and row["container_format"]):
                raise Fault(
                    400,
                    "Properties disk_format, container_format must be set prior to saving data.",
                )
            self._check_room(uploaded["size"])
            tx.update("images", {"id": image_id}, uploaded)

        await self.database.transact(work)
        if self.room is not None:
            self.room -= uploaded["size"]
        if data is not None:
            self.store[image_id] = data
        return Response(204)

    def _check_room(self, size: int) -> None:
        """Refuse what the store cannot hold; the image stays queued (`glance/api/v2/image_data.py`)."""
        if self.room is not None and size > self.room:
            text = "There is not enough disk space on the image storage media."
            raise Fault(413, f"Image storage media is full: {text}")

    def _uploaded(self, image_id: str, data: bytes | Stored | None, size: int) -> dict[str, Any]:
        """What an image is by its data; of those that nobody holds only the size counts."""
        held = data if data is not None else f"{image_id}/{size}".encode()
        if isinstance(held, Stored):
            size, md5, sha512 = held.size, held.md5, held.sha512
        else:
            size = size if data is None else len(held)
            md5 = hashlib.md5(held, usedforsecurity=False).hexdigest()
            sha512 = hashlib.sha512(held).hexdigest()
        return {
            "status": "active",
            "size": size,
            "checksum": md5,
            "os_hash_algo": "sha512",
            "os_hash_value": sha512,
            "updated_at": self.clock.utcnow(),
        }

    @route("GET", "/v2/images/{image_id}/file")
    async def download(self, request: Request, image_id: str) -> Response:
        """An image's data; 204 where it has none."""
        who = await self.who(request)
        row = await self.database.transact(lambda tx: images.find(tx, image_id, who))
        if row["status"] != "active":
            return Response(204)
        headers = {
            "content-type": "application/octet-stream",
            "content-md5": row["checksum"],
            "content-length": str(row["size"]),
        }
        data = self.store.get(image_id)
        if isinstance(data, Stored):
            return Response(200, None, {**headers, **data.headers})
        return Response(200, data, headers)

    # --- what clients ask first -------------------------------------------------------------------------------

    @route("GET", "/v2/schemas/image")
    async def schema(self, request: Request) -> Response:
        """Which properties every image has; all others are its own."""
        properties = {
            name: {"type": "string"} for name in (*images.BASE, "tags", "self", "file", "schema")
        }
        more = {"additionalProperties": {"type": "string"}}
        return Response(200, {"name": "image", "properties": properties, **more})

    @route("GET", "/")
    async def versions(self, request: Request) -> Response:
        """The versions of the API."""
        links = [{"rel": "self", "href": "/v2/"}]
        return Response(300, {"versions": [{"id": "v2.16", "status": "CURRENT", "links": links}]})


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.body
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Fault(400, "Malformed JSON in request body.")
    return body


def _check_read_only(body: dict[str, Any]) -> None:
    for name in body:
        if name in images.READ_ONLY:
            raise Fault(403, f"Attribute '{name}' is read-only.")


def _patched(shown: dict[str, Any], changes: list[Any]) -> dict[str, Any]:
    wanted = dict(shown)
    for change in changes:
        name = str(change.get("path", "")).removeprefix("/")
        if name in images.READ_ONLY or name == "id":
            raise Fault(403, f"Attribute '{name}' is read-only.")
        if change.get("op") == "remove":
            if name in images.BASE:
                raise Fault(403, f"Property {name} may not be removed.")
            if wanted.pop(name, None) is None:
                raise Fault(409, f"Property {name} does not exist.")
        else:
            wanted[name] = change.get("value")
    return wanted


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _page(request: Request, found: list[dict[str, Any]]) -> dict[str, Any]:
    marker, limit = request.param("marker"), request.param("limit")
    if marker is not None:
        ids = [image["id"] for image in found]
        if marker not in ids:
            raise Fault(400, "Invalid marker. Image could not be found.")
        found = found[ids.index(marker) + 1 :]
    page = found[: int(limit)] if limit is not None and limit.isdigit() else found
    shown = {"images": page, "first": "/v2/images", "schema": "/v2/schemas/images"}
    if len(page) < len(found) and page:
        shown["next"] = f"/v2/images?limit={limit}&marker={page[-1]['id']}"
    return shown
