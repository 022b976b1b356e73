"""What a cloud has, to look at and to add to: servers, flavors, images, networks.

Looking reads the databases at once and is not journalled; adding goes through the APIs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnova.arguments import named
from simnova.cloud.collection import Collection, Item, Items
from simnova.cloud.server import Server
from simnova.exceptions import UsageError, unknown
from simnova.messaging.files import Stored
from simnova.nova import exception
from simnova.nova.api import views
from simnova.nova.api.versions import MAX_VERSION
from simnova.nova.cmd.manage import API_DB
from simnova.nova.context import RequestContext, get_admin_context, target_cell
from simnova.nova.objects.base import from_primitive
from simnova.nova.objects.build_request import BuildRequest
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping
from simnova.nova.objects.states import VmState
from simnova.nova.virt import format_inspector
from simnova.observe.build_requests import Withdrawn
from simnova.observe.index import follow
from simnova.observe.names import Names

if TYPE_CHECKING:
    from simnova.cloud.assembly import Assembly

__door__ = True


class Images(Items):
    """What a server's disk can begin as."""

    what = "image"

    def rows(self) -> list[dict[str, Any]]:
        """Name, status, size in bytes, format."""
        names = ("id", "name", "status", "size", "disk_format")
        rows = self._select("glance", "images", order_by="created_at")
        return [{name: row[name] for name in names} for row in rows if not row.get("deleted")]

    def create(self, name: str, size: int = 1_000_000, **more: Any) -> None:
        """A new image of `size` bytes; properties, `min_disk` (GB), `min_ram` (MB), `disk_format` may be given."""
        path = f"/v2/images/{self._described(name, **more)}/file"
        self.cloud.request("PUT", path, service="glance", content_length=str(size))

    def add(self, file: str | Path, name: str | None = None, **more: Any) -> None:
        """A new image of a disk that real guests start from; the file stays where it is. Raises UsageError.

        Its name is the file's, and its format what the file is, where nothing else is given; further as in `create`.
        """
        path = Path(file).expanduser().resolve()
        try:
            found = format_inspector.detect(format_inspector.regular(path))
            if "disk_format" not in more:
                format_inspector.check_name(path, found)
            stored = Stored.of(path)
        except (OSError, format_inspector.ImageFormatError) as error:
            raise UsageError(f"no image can be made of {file}: {error}") from None
        image_id = self._described(name or path.stem, **{"disk_format": found, **more})
        told = {name.replace("-", "_"): value for name, value in stored.headers.items()}
        self.cloud.request("PUT", f"/v2/images/{image_id}/file", service="glance", **told)

    def delete(self, name: str) -> None:
        """Have Glance forget an image; hosts that have it in their caches keep it. Raises UsageError, Refused."""
        self.cloud.request("DELETE", f"/v2/images/{self.id_of(name)}", service="glance")

    def add_linux(self, name: str = "linux") -> None:
        """A new image with a small Linux, made of this machine's kernel and busybox. Raises UsageError where they lack.

        It gets its address by DHCP, its name, key and user data from the metadata service or a config drive.
        """
        from simnova.nova.virt import linux_guest

        self.add(linux_guest.built(), name)

    def _described(self, name: str, **more: Any) -> str:
        body = {
            "name": name,
            "disk_format": "qcow2",
            "container_format": "bare",
            "visibility": "public",
            **more,
        }
        return str(self.cloud.request("POST", "/v2/images", body, service="glance")["id"])


class Networks(Items):
    """What a server can be plugged into."""

    what = "network"

    def rows(self) -> list[dict[str, Any]]:
        """Name and id."""
        return [
            {"id": row["id"], "name": row["name"]}
            for row in self._select("neutron", "networks", order_by="name")
        ]

    @named
    def create(self, name: str, cidr: str) -> None:
        """A new network with one subnet."""
        network = self.cloud.request(
            "POST", "/v2.0/networks", {"network": {"name": name}}, service="neutron"
        )
        subnet = {
            "network_id": network["network"]["id"],
            "cidr": cidr,
            "ip_version": 4,
            "name": f"{name}-subnet",
        }
        self.cloud.request("POST", "/v2.0/subnets", {"subnet": subnet}, service="neutron")


class Servers(Collection[Server]):
    """Every server of the cloud, of all projects, deleted ones left out."""

    what = "server"

    def rows(self) -> list[dict[str, Any]]:
        """Name, status, task, host, addresses."""
        return [
            {
                "name": one["name"],
                "status": one["status"],
                "task": one["OS-EXT-STS:task_state"],
                "host": one["OS-EXT-SRV-ATTR:host"],
                "addresses": ", ".join(
                    ip["addr"] for ips in one["addresses"].values() for ip in ips
                ),
                "id": one["id"],
            }
            for one in (self.show(uuid) for uuid in self._uuids())
        ]

    def __iter__(self) -> Iterator[Server]:
        return iter([Server(self.cloud, uuid) for uuid in self._uuids()])

    def _item(self, row: dict[str, Any]) -> Server:
        return Server(self.cloud, row["id"])

    def _row(self, name: str | Item) -> dict[str, Any]:
        """Also by a name that it had before it was renamed."""
        rows = self.rows()
        alike = follow(self.cloud.journal, Names).alike(str(name))
        former = (row for row in rows if row["id"] in alike)
        now = (row for row in rows if name in (row["name"], row["id"]))
        found = next(now, None) or next(former, None)
        if found is None:
            raise unknown(self.what, name, [row["name"] for row in rows])
        return found

    def of_reservation(self, reservation_id: str) -> list[Server]:
        """The servers of one request."""
        found = [self._read(_find(self._context(), uuid)) for uuid in self._uuids()]
        return [
            Server(self.cloud, one.uuid) for one in found if one.reservation_id == reservation_id
        ]

    def show(self, uuid: str) -> dict[str, Any]:
        """What the API shows an administrator of one server; of a deleted one what is left of it."""
        try:
            instance = self._read(_find(self._context(), uuid))
        except exception.InstanceNotFound:
            return self._deleted(uuid)
        return views.server(instance, True, MAX_VERSION)["server"]  # type: ignore[no-any-return]

    def _deleted(self, uuid: str) -> dict[str, Any]:
        for database in reversed(self.cloud.assembly.layout.databases):
            for row in self._select(database, "instances", uuid=uuid):
                instance = Instance(**{n: row[n] for n in Instance.field_names() if n in row})
                return views.server(instance, True, MAX_VERSION)["server"] | {"status": "DELETED"}  # type: ignore[no-any-return]
        return self._withdrawn(uuid)

    def _withdrawn(self, uuid: str) -> dict[str, Any]:
        """A server that was deleted while only its build request was there: no table has anything of it."""
        text = follow(self.cloud.journal, Withdrawn).of.get(uuid)
        if text is not None:
            instance = from_primitive(json.loads(text), self._context())
        elif self._select(API_DB, "request_specs", instance_uuid=uuid):
            instance = Instance(uuid=uuid, display_name=uuid)
        else:
            raise UsageError(f"there is no server {uuid}, and there never was one")
        instance.vm_state, instance.task_state = VmState.DELETED, None
        return views.server(instance, True, MAX_VERSION)["server"]  # type: ignore[no-any-return]

    def _uuids(self) -> list[str]:
        cells = self.cloud.assembly.layout.databases
        gone = {
            row["uuid"]
            for cell in cells
            for row in self._select(cell, "instances")
            if row["deleted"]
        }
        rows = self._select(API_DB, "instance_mappings")
        return [row["instance_uuid"] for row in rows if row["instance_uuid"] not in gone]

    def _context(self) -> RequestContext:
        return inspector(self.cloud.assembly)


def inspector(assembly: Assembly) -> RequestContext:
    """The context of someone who looks into the databases from outside."""
    return get_admin_context(assembly.onlooker())


async def _find(context: RequestContext, uuid: str) -> Instance:
    """As `nova.compute.api.API.get`, for an onlooker."""
    try:
        mapping = await InstanceMapping.get_by_instance_uuid(context, uuid)
        cell: CellMapping | None = mapping.cell_mapping
        if cell is not None:
            return await Instance.get_by_uuid(target_cell(context, cell), uuid)
        return (await BuildRequest.get_by_instance_uuid(context, uuid)).instance
    except (exception.InstanceMappingNotFound, exception.BuildRequestNotFound):
        raise exception.InstanceNotFound(instance_id=uuid) from None
