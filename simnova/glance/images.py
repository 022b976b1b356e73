"""Images as rows, and as the API shows them (`glance/api/v2/images.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from simnova.db.transaction import Transaction
from simnova.glance.schema import IMAGE
from simnova.messaging.identity import Identity
from simnova.messaging.rest import Fault

BASE = [
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
]
READ_ONLY = frozenset(
    [
        "status",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "created_at",
        "updated_at",
        "self",
        "file",
        "schema",
        "direct_url",
        "locations",
    ]
)
DISK_FORMATS = ["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "ploop", "iso"]
CONTAINER_FORMATS = ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
VISIBILITIES = ["community", "public", "private", "shared"]
NEWEST_FIRST = sa.select(IMAGE).order_by(IMAGE.c.created_at.desc(), sa.text("rowid DESC"))
"""Of those of one second (a time has whole ones) the one that was made last; Glance takes the greater id."""

_TEXT = {"type": ("null", "string"), "maxLength": 255}
_CHOICES: dict[str, list[Any]] = {
    "disk_format": [None, *DISK_FORMATS],
    "container_format": [None, *CONTAINER_FORMATS],
    "visibility": VISIBILITIES,
}


def check(values: Mapping[str, Any]) -> None:
    """Refuse values that Glance's schema does not allow, in its words."""
    for name, value in values.items():
        problem = _problem(name, value)
        if problem:
            raise Fault(400, f"Provided object does not match schema 'image': {problem}")


def _problem(name: str, value: Any) -> str | None:
    if name in _CHOICES:
        return None if value in _CHOICES[name] else f"{value!r} is not one of {_CHOICES[name]}"
    if name in ("min_disk", "min_ram"):
        return _number_problem(value)
    if name in ("protected", "os_hidden"):
        return None if isinstance(value, bool) else f"{value!r} is not of type 'boolean'"
    if name == "tags":
        return None if isinstance(value, list) else f"{value!r} is not of type 'array'"
    if name in ("name", "owner"):
        if value is not None and not isinstance(value, str):
            return f"{value!r} is not of type 'null', 'string'"
        return f"{value!r} is too long" if len(value or "") > 255 else None
    return None if isinstance(value, str) else f"{value!r} is not of type 'string'"


def _number_problem(value: Any) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return f"{value!r} is not of type 'integer'"
    if value < 0:
        return f"{value!r} is less than the minimum of 0"
    return f"{value!r} is greater than the maximum of 2147483647" if value > 2147483647 else None


def split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str], list[str] | None]:
    """What an image is made of: columns, properties of its own, tags."""
    columns = {name: value for name, value in values.items() if name in BASE}
    properties = {
        name: value for name, value in values.items() if name not in BASE and name != "tags"
    }
    return columns, properties, values.get("tags")


def find(tx: Transaction, image_id: str, who: Identity) -> dict[str, Any]:
    """The row of an image that is for this user; raises the 404 of Glance."""
    row = tx.get("images", id=image_id)
    if row is None or not (
        row["visibility"] in ("public", "community") or who.may_see(row["owner"])
    ):
        raise Fault(404, f"No image found with ID {image_id}")
    return row


def own(tx: Transaction, image_id: str, who: Identity) -> dict[str, Any]:
    """The same for a change, which only the owner may make; raises a 403."""
    row = find(tx, image_id, who)
    if not who.may_see(row["owner"]):
        raise Fault(403, "You are not authorized to complete this action.")
    return row


def show(tx: Transaction, row: Mapping[str, Any]) -> dict[str, Any]:
    """An image as the API shows it: its own properties stand beside the others."""
    image_id = {"image_id": row["id"]}
    properties = tx.select("image_properties", image_id, order_by="id")
    tags = tx.select("image_tags", image_id, order_by="id")
    return {
        **{name: row[name] for name in BASE},
        **{prop["name"]: prop["value"] for prop in properties},
        "tags": [tag["value"] for tag in tags],
        "self": f"/v2/images/{row['id']}",
        "file": f"/v2/images/{row['id']}/file",
        "schema": "/v2/schemas/image",
    }


def write_properties(tx: Transaction, image_id: str, properties: Mapping[str, str]) -> None:
    """Make these the image's own properties."""
    present = {row["name"]: row for row in tx.select("image_properties", {"image_id": image_id})}
    for name in present:
        if name not in properties:
            tx.delete("image_properties", {"id": present[name]["id"]})
    for name, value in properties.items():
        if name not in present:
            tx.insert("image_properties", image_id=image_id, name=name, value=value)
        elif present[name]["value"] != value:
            tx.update("image_properties", {"id": present[name]["id"]}, {"value": value})


def write_tags(tx: Transaction, image_id: str, tags: list[str]) -> None:
    """Make these the image's tags."""
    tx.delete("image_tags", {"image_id": image_id})
    for tag in dict.fromkeys(tags):
        tx.insert("image_tags", image_id=image_id, value=tag)


def listed(tx: Transaction, who: Identity, filters: Mapping[str, str]) -> list[dict[str, Any]]:
    """The images for this user that fit the filters, the newest first."""
    rows = tx.execute(NEWEST_FIRST)
    wanted_visibility = filters.get("visibility")
    hidden = filters.get("os_hidden", "false").lower() == "true"
    shown = [
        show(tx, row)
        for row in rows
        if _is_listed(row, who, wanted_visibility) and row["os_hidden"] == hidden
    ]
    return [image for image in shown if _fits(image, filters)]


def _is_listed(row: Mapping[str, Any], who: Identity, visibility: str | None) -> bool:
    if visibility == "community" or visibility == "all":
        return bool(row["visibility"] != "private") or who.may_see(row["owner"])
    return row["visibility"] == "public" or who.may_see(row["owner"])


def _fits(image: Mapping[str, Any], filters: Mapping[str, str]) -> bool:
    return all(_matches(image, name, value) for name, value in filters.items())


def _matches(image: Mapping[str, Any], name: str, value: str) -> bool:
    if name in ("os_hidden",) or (name == "visibility" and value == "all"):
        return True
    if name == "tag":
        return value in image["tags"]
    if name in ("size_min", "size_max"):
        size = image["size"] or 0
        return size >= int(value) if name == "size_min" else size <= int(value)
    choices = value.removeprefix("in:").split(",") if value.startswith("in:") else [value]
    return str(image.get(name)) in choices
