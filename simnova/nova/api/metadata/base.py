"""What a guest can learn of its server: one class for the metadata service and the config drive.

In Nova: `nova/api/metadata/base.py`.
"""

from __future__ import annotations

import base64
import json
import posixpath
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from simnova.config import Config
from simnova.kernel.clock import Clock
from simnova.nova.api.metadata import password, vendordata_json
from simnova.nova.api.metadata.tree import find_path_in_tree
from simnova.nova.context import RequestContext
from simnova.nova.objects.block_device import BlockDeviceMapping
from simnova.nova.objects.instance import Instance
from simnova.nova.virt import netutils

VERSIONS = [
    *("1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10"),
    *("2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04"),
]
"""Those of EC2's metadata."""

GRIZZLY, HAVANA, LIBERTY = "2013-04-04", "2013-10-17", "2015-10-15"
NEWTON_ONE, NEWTON_TWO, VICTORIA = "2016-06-30", "2016-10-06", "2020-10-14"
OPENSTACK_VERSIONS = [
    "2012-08-10",
    *(GRIZZLY, HAVANA, LIBERTY, NEWTON_ONE, NEWTON_TWO),
    *("2017-02-22", "2018-08-27", VICTORIA, "2025-04-04"),
]
LATEST = "latest"

MD_JSON, UD, PASS, VERSION = "meta_data.json", "user_data", "password", "version"
VD_JSON, VD2_JSON, NW_JSON = "vendor_data.json", "vendor_data2.json", "network_data.json"
CONTENT_DIR = "content"
TEXT, JSON = "text/plain", "application/json"

Content = Sequence[tuple[str, str | bytes]]
"""Files to be put into the guest: each its path there, and what is in it."""

Pairs = Mapping[str, Any]

SINCE = {
    PASS: GRIZZLY,
    VD_JSON: HAVANA,
    NW_JSON: LIBERTY,
    VD2_JSON: NEWTON_TWO,
}
"""From which version on there is a page."""

_DEFAULT_MAPPINGS = {"ami": "sda1", "ephemeral0": "sda2", "root": "/dev/sda1", "swap": "sda3"}


class InvalidMetadataPath(Exception):
    """There is no such page."""


class Names(Protocol):
    """The part of the network API that is asked (`nova/network/security_group_api.py`)."""

    async def get_instance_security_groups(
        self, context: RequestContext, instance: Instance
    ) -> list[str]:
        """The names of a server's security groups."""
        ...


class Password:
    """The page that answers for itself: what a guest may write."""


class InstanceMetadata:
    """What there is to say of one server; all that takes time was asked before (`gather`)."""

    def __init__(
        self,
        clock: Clock,
        conf: Config,
        instance: Instance,
        security_groups: Sequence[str] = (),
        mappings: Pairs | None = None,
        address: str | None = None,
        content: Content = (),
        extra_md: Pairs | None = None,
        network_info: Sequence[Pairs] | None = None,
    ) -> None:
        self.clock, self.conf, self.instance = clock, conf, instance
        self.security_groups = list(security_groups)
        self.mappings = mappings or _DEFAULT_MAPPINGS
        self.address = address
        self.extra_md = dict(extra_md or {})
        data = instance.user_data
        self.userdata_raw = base64.b64decode(data) if data is not None else None
        self.password = password.extract_password(instance.system_metadata)
        network_info = instance.network_info if network_info is None else network_info
        self.network_metadata = netutils.get_network_metadata(network_info)
        self.ip_info = netutils.get_ec2_ip_info(network_info)
        self.content = {f"{number:04}": data for number, (_, data) in enumerate(content)}
        self.files = [
            {"path": path, "content_path": f"/{CONTENT_DIR}/{number:04}"}
            for number, (path, _) in enumerate(content)
        ]
        self.vendor_data = vendordata_json.vendor_data(conf.api.vendordata_jsonfile_path)
        self.md_mimetype = TEXT

    @classmethod
    async def gather(
        cls,
        context: RequestContext,
        conf: Config,
        network_api: Names,
        instance: Instance,
        **more: Any,
    ) -> InstanceMetadata:
        """Ask Neutron for the security groups, and the database for the disks."""
        groups = await network_api.get_instance_security_groups(context, instance)
        disks = await BlockDeviceMapping.get_by_instance_uuid(context, instance.uuid)
        mappings = instance_block_mapping(instance.root_device_name, disks)
        return cls(context.here.clock, conf, instance, groups, mappings, **more)

    # --- EC2 --------------------------------------------------------------------------------------------------

    def get_ec2_metadata(self, version: str) -> dict[str, Any]:
        """The whole tree of a version; raises InvalidMetadataPath."""
        version = VERSIONS[-1] if version == LATEST else version
        if version not in VERSIONS:
            raise InvalidMetadataPath(version)
        meta = {
            name: value
            for since, items in self._ec2_items()
            for name, value in items.items()
            if VERSIONS.index(version) >= VERSIONS.index(since)
        }
        data: dict[str, Any] = {"meta-data": meta}
        if self.userdata_raw is not None:
            data["user-data"] = self.userdata_raw
        return data

    def _ec2_items(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """From which version on there is what."""
        instance, hostname = self.instance, self._hostname
        floating = self.ip_info["floating_ips"]
        yield "1.0", self._ec2_first()
        yield (
            "2007-01-19",
            {
                "local-hostname": hostname,
                "public-hostname": hostname,
                "public-ipv4": floating[0] if floating else "",
            },
        )
        yield "2007-08-29", {"instance-type": instance.flavor.name}
        yield "2007-12-15", {"block-device-mapping": self.mappings}
        yield "2008-02-01", {"placement": {"availability-zone": instance.availability_zone}}
        yield "2008-09-01", {"instance-action": "none"}

    def _ec2_first(self) -> dict[str, Any]:
        instance, fixed = self.instance, self.ip_info["fixed_ips"]
        meta = {
            "ami-id": f"ami-{zlib.crc32(str(instance.image_ref).encode()):08x}",
            "ami-launch-index": instance.launch_index,
            "ami-manifest-path": "FIXME",
            "instance-id": f"i-{instance.id or 0:08x}",
            "hostname": self._hostname,
            "local-ipv4": fixed[0] if fixed else self.address,
            "reservation-id": instance.reservation_id,
            "security-groups": self.security_groups,
        }
        if instance.key_name:
            key = {"_name": f"0={instance.key_name}", "openssh-key": instance.key_data}
            meta["public-keys"] = {"0": key}
        return meta

    # --- OpenStack --------------------------------------------------------------------------------------------

    def _openstack(self, path_tokens: Sequence[str]) -> Any:
        if path_tokens[0] == CONTENT_DIR:
            return self.content["/".join(path_tokens[1:])]
        version = OPENSTACK_VERSIONS[-1] if path_tokens[0] == LATEST else path_tokens[0]
        page = "/".join(path_tokens[1:]) or VERSION
        if version not in OPENSTACK_VERSIONS or not _has(version, SINCE.get(page)):
            raise KeyError(page)
        pages: dict[str, Callable[[str], Any]] = {
            VERSION: self._handle_version,
            MD_JSON: self._metadata_as_json,
            UD: self._user_data,
            PASS: lambda _: Password(),
            VD_JSON: self._vendor_data,
            VD2_JSON: self._vendor_data2,
            NW_JSON: lambda _: json.dumps(self.network_metadata or {}),
        }
        return pages[page](version)

    def _handle_version(self, version: str) -> list[str]:
        """The pages that there are."""
        user_data = [UD] if self.userdata_raw is not None else []
        return [MD_JSON, *user_data, *(page for page in SINCE if _has(version, SINCE[page]))]

    def _metadata_as_json(self, version: str) -> str:
        instance = self.instance
        found: dict[str, Any] = {"uuid": instance.uuid}
        found |= {"meta": instance.metadata} if instance.metadata else {}
        found |= {"files": self.files} if self.files else {}
        found |= self.extra_md
        found |= self._keys()
        found |= {
            "hostname": self._hostname,
            "name": instance.display_name,
            "launch_index": instance.launch_index,
            "availability_zone": instance.availability_zone,
        }
        if _has(version, GRIZZLY):
            seed = self.clock.rng("random_seed").randbytes(512)
            found["random_seed"] = base64.b64encode(seed).decode()
        found |= {"project_id": instance.project_id} if _has(version, LIBERTY) else {}
        found |= {"devices": []} if _has(version, NEWTON_ONE) else {}
        found |= {"dedicated_cpus": []} if _has(version, VICTORIA) else {}
        self.md_mimetype = JSON
        return json.dumps(found)

    def _keys(self) -> dict[str, Any]:
        """The server's public key, and of what kind it is."""
        name, data = self.instance.key_name, self.instance.key_data
        if not name or data is None:
            return {}
        kind = "x509" if data.startswith("-----BEGIN CERTIFICATE") else "ssh"
        return {
            "public_keys": {name: data},
            "keys": [{"name": name, "type": kind, "data": data}],
        }

    def _user_data(self, version: str) -> bytes:
        if self.userdata_raw is None:
            raise KeyError(UD)
        return self.userdata_raw

    def _vendor_data(self, version: str) -> str:
        if "StaticJSON" not in self.conf.api.vendordata_providers:
            raise KeyError(VD_JSON)
        self.md_mimetype = JSON
        return json.dumps(self.vendor_data)

    def _vendor_data2(self, version: str) -> str:
        self.md_mimetype = JSON
        static = "StaticJSON" in self.conf.api.vendordata_providers
        return json.dumps({"static": self.vendor_data} if static else {})

    @property
    def _hostname(self) -> str:
        domain = self.conf.api.dhcp_domain
        return f"{self.instance.hostname}.{domain}" if domain else str(self.instance.hostname)

    # --- both -------------------------------------------------------------------------------------------------

    def lookup(self, path: str) -> Any:
        """What is on a page, and its type in `md_mimetype`; raises InvalidMetadataPath."""
        self.md_mimetype = TEXT
        first, *tokens = posixpath.normpath(f"/{path.lstrip('/')}").lstrip("/").split("/")
        if first not in ("ec2", "openstack"):
            first, tokens = "ec2", [first, *tokens] if first else []
        if not tokens:
            return self._versions(first)
        try:
            if first == "openstack":
                return self._openstack(tokens)
            return find_path_in_tree(self.get_ec2_metadata(tokens[0]), tokens[1:])
        except KeyError:
            raise InvalidMetadataPath(path) from None

    def _versions(self, kind: str) -> list[str]:
        """Those of the future are not shown, but they are there for who asks for them."""
        if kind == "ec2":
            return [*VERSIONS, LATEST]
        today = self.clock.utcnow()[:10]
        return [*(version for version in OPENSTACK_VERSIONS if version <= today), LATEST]

    def metadata_for_config_drive(self) -> Iterator[tuple[str, str | bytes]]:
        """Every file of a config drive: its path, and what is in it."""
        skipped = str(self.conf.api.config_drive_skip_versions).split()
        for version in (one for one in [*VERSIONS, LATEST] if one not in skipped):
            yield from self._ec2_files(version)
        for version in [*OPENSTACK_VERSIONS, LATEST]:
            pages = [MD_JSON, UD, VD_JSON, NW_JSON, VD2_JSON]
            for page in pages:
                since, given = SINCE.get(page), page != UD or self.userdata_raw is not None
                if given and (version == LATEST or _has(version, since)):
                    path = f"openstack/{version}/{page}"
                    yield path, self.lookup(path)
        for ident, content in self.content.items():
            yield f"openstack/{CONTENT_DIR}/{ident}", content

    def _ec2_files(self, version: str) -> Iterator[tuple[str, str | bytes]]:
        data = self.get_ec2_metadata(version)
        if "user-data" in data:
            yield f"ec2/{version}/user-data", data["user-data"]
        meta = data["meta-data"]
        if "public-keys" in meta:
            meta["public-keys"]["0"].pop("_name")
        yield f"ec2/{version}/meta-data.json", json.dumps(meta)


def _has(version: str, since: str | None) -> bool:
    """Whether a version has what there is since another one."""
    known = OPENSTACK_VERSIONS
    return since is None or known.index(version) >= known.index(since)


def instance_block_mapping(root: str | None, disks: Sequence[BlockDeviceMapping]) -> dict[str, Any]:
    """The names of a server's disks, by what they are (`nova/block_device.py`)."""
    if root is None:
        return dict(_DEFAULT_MAPPINGS)
    volumes = sorted(str(one.device_name) for one in disks if one.destination_type == "volume")
    blank = [one.device_name for one in disks if one.source_type == "blank"]
    return {
        "ami": root.removeprefix("/dev/"),
        "root": root,
        **{f"ebs{number}": name for number, name in enumerate(volumes)},
        **{f"ephemeral{number}": name for number, name in enumerate(blank)},
    }
