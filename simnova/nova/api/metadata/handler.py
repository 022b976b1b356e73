"""nova-api-metadata: answers guests, each of its own server (`nova/api/metadata/handler.py`)."""

from __future__ import annotations

import hashlib
import hmac
import posixpath
from collections.abc import Awaitable, Callable
from contextlib import suppress

from simnova.config import Config
from simnova.exceptions import NovaError
from simnova.messaging.rest import App, Fault, Handler, Request, Response
from simnova.nova import exception
from simnova.nova.api.metadata import base, password
from simnova.nova.api.metadata.base import InstanceMetadata
from simnova.nova.api.metadata.tree import ec2_md_print
from simnova.nova.context import Place, RequestContext, get_admin_context, target_cell
from simnova.nova.log import getLogger
from simnova.nova.network.neutron import API
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_mapping import InstanceMapping

__door__ = True

LOG = getLogger("nova.api.metadata.handler")
BASE = getLogger("nova.api.metadata.base")

UNKNOWN = "An unknown error has occurred. Please try your request again."
REMOTE = "remote-addr"
"""The header that stands for the address from which a connection came."""

Find = Callable[[], Awaitable[InstanceMetadata]]


class MetadataRequestHandler(App):
    """What the metadata service answers; what it has found of a server it remembers for a while."""

    def __init__(self, place: Place, conf: Config, network_api: API) -> None:
        self.place, self.conf, self.network_api = place, conf, network_api
        self._cache: dict[str, tuple[float, InstanceMetadata]] = {}

    def find(self, request: Request) -> tuple[Handler, dict[str, str]]:
        """Every path is the same to it."""
        return self.serve, {}

    async def serve(self, request: Request) -> Response:
        """A page of the server's whose guest asks: 404 where there is none, 403 for a signature that is wrong."""
        if posixpath.normpath(request.path) == "/":
            return _page("\n".join([*base.VERSIONS, base.LATEST]), base.TEXT)
        found = await self._metadata(request)
        if found is None:
            raise Fault(404, self.not_found)
        try:
            data = found.lookup(request.path)
        except base.InvalidMetadataPath:
            raise Fault(404, self.not_found) from None
        if isinstance(data, base.Password):
            return await self._handle_password(request, found)
        return _page(ec2_md_print(data), found.md_mimetype)

    # --- whose they are ---------------------------------------------------------------------------------------

    async def _metadata(self, request: Request) -> InstanceMetadata | None:
        if self.conf.neutron.service_metadata_proxy:
            return await self._by_instance_id(request)
        if "x-instance-id" in request.headers:
            LOG.warning(
                "X-Instance-ID present in request headers. The 'service_metadata_proxy' option must "
                "be enabled to process this header."
            )
        address = request.headers.get(REMOTE, "")
        found = await self._found(address, f"IP {address}", lambda: self._of_address(address))
        if found is None:
            LOG.error("Failed to get metadata for IP %s: no metadata", address)
        return found

    async def _of_address(self, address: str) -> InstanceMetadata:
        context = get_admin_context(self.place)
        uuid = await self.network_api.get_fixed_ip_by_address(context, address)
        BASE.info("Fixed IP %s translates to instance UUID %s", address, uuid)
        return await self._of_instance(uuid, address)

    async def _of_instance(self, uuid: str, address: str) -> InstanceMetadata:
        context = await self._cell_of(uuid)
        instance = await Instance.get_by_uuid(context, uuid)
        ask = InstanceMetadata.gather
        return await ask(context, self.conf, self.network_api, instance, address=address)

    async def _cell_of(self, uuid: str) -> RequestContext:
        """A context in the server's cell; raises InstanceNotFound where it is in none."""
        context = get_admin_context(self.place)
        mapping = await InstanceMapping.get_by_instance_uuid(context, uuid)
        if mapping.cell_mapping is None:
            raise exception.InstanceNotFound(instance_id=uuid)
        return target_cell(context, mapping.cell_mapping)

    async def _by_instance_id(self, request: Request) -> InstanceMetadata | None:
        names = ("X-Instance-ID", "X-Instance-ID-Signature", "X-Tenant-ID")
        uuid, signature, tenant = (_header(request, name) for name in names)
        self._check_signature(uuid, signature, request)
        address = request.headers.get("x-forwarded-for", "")
        told = f"instance id: {uuid}"
        found = await self._found(uuid, told, lambda: self._of_instance(uuid, address))
        if found is None:
            LOG.error("Failed to get metadata for instance id: %s", uuid)
        elif found.instance.project_id != tenant:
            LOG.warning("Tenant_id %s does not match tenant_id of instance %s.", tenant, uuid)
            return None
        return found

    def _check_signature(self, uuid: str, signature: str, request: Request) -> None:
        expected = sign(str(self.conf.neutron.metadata_proxy_shared_secret), uuid)
        if not hmac.compare_digest(expected, signature):
            LOG.warning(
                "X-Instance-ID-Signature: %s does not match the expected signature for id: %s. "
                "Request From: %s",
                signature,
                uuid,
                request.headers.get("x-forwarded-for"),
            )
            raise Fault(403, "Invalid proxy request signature.")

    async def _found(self, key: str, told: str, find: Find) -> InstanceMetadata | None:
        """What is remembered, or is found now; None where there is no such server."""
        now, lasts = self.place.clock.now, self.conf.api.metadata_cache_expiration
        until, known = self._cache.get(key, (0.0, None))
        if known is not None and now < until:
            LOG.debug("Using cached metadata for %s", key)
            return known
        try:
            found = await find()
        except NovaError as error:
            LOG.exception("Failed to get metadata for %s", told)
            if error.code == 404:
                return None
            raise Fault(500, UNKNOWN) from None
        if lasts:
            self._cache[key] = (self.place.clock.now + lasts, found)
        return found

    # --- what a guest may write -------------------------------------------------------------------------------

    async def _handle_password(self, request: Request, found: InstanceMetadata) -> Response:
        if request.method == "GET":
            return _page(found.password or "", base.TEXT)
        if request.method != "POST":
            raise Fault(400, "GET and POST only are supported.")
        if found.password:
            raise Fault(409, "There was a conflict when trying to complete your request.")
        given = request.text if isinstance(request.text, bytes) else request.text.encode()
        if len(given) > password.MAX_SIZE:
            raise Fault(400, "Request is too large.")
        context = await self._cell_of(found.instance.uuid)
        instance = await Instance.get_by_uuid(context, found.instance.uuid)
        added = password.convert_password(given.decode(errors="replace"))
        instance.system_metadata = {**instance.system_metadata, **added}
        await instance.save()
        return _page("", base.TEXT)


def sign(secret: str, uuid: str) -> str:
    """How Neutron's agent signs the server's id."""
    return hmac.new(secret.encode(), uuid.encode(), hashlib.sha256).hexdigest()


def _header(request: Request, name: str) -> str:
    """A header that must be there."""
    value = request.headers.get(name.lower())
    if value is None:
        raise Fault(400, f"{name} header is missing from request.")
    return value


def _page(data: str | bytes, mimetype: str) -> Response:
    """Bytes that are text go as text: so the journal can show them."""
    if isinstance(data, bytes):
        with suppress(UnicodeDecodeError):
            data = data.decode()
    return Response.of_text(200, data, {"content-type": mimetype})
