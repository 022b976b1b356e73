"""The compute API v2.1: its controllers together, and how it words errors (`nova/api/openstack/`)."""

from __future__ import annotations

from simnova.config import Config
from simnova.exceptions import NovaError
from simnova.messaging.rest import App, Fault, Handler, Request, Response
from simnova.nova.api.aggregates import AggregateController
from simnova.nova.api.attach_interfaces import InterfaceAttachmentController
from simnova.nova.api.auth import Auth
from simnova.nova.api.availability_zone import AvailabilityZoneController
from simnova.nova.api.flavors import FlavorsController
from simnova.nova.api.flavors_extraspecs import FlavorExtraSpecsController
from simnova.nova.api.hypervisors import HypervisorsController
from simnova.nova.api.instance_actions import InstanceActionsController
from simnova.nova.api.keypairs import KeypairController
from simnova.nova.api.limits import LimitsController
from simnova.nova.api.migrations import MigrationsController
from simnova.nova.api.quota_classes import QuotaClassSetsController
from simnova.nova.api.quota_sets import QuotaSetsController
from simnova.nova.api.remote_consoles import RemoteConsolesController
from simnova.nova.api.server_actions import ServerActionsController
from simnova.nova.api.server_groups import ServerGroupController
from simnova.nova.api.server_metadata import ServerMetadataController
from simnova.nova.api.server_migrations import ServerMigrationsController
from simnova.nova.api.server_tags import ServerTagsController
from simnova.nova.api.servers import ServersController
from simnova.nova.api.services import ServiceController
from simnova.nova.api.versions import VersionsController, shown, version_of
from simnova.nova.compute.api import API
from simnova.nova.compute.api.aggregate import AggregateAPI
from simnova.nova.compute.api.host import HostAPI
from simnova.nova.log import class_name, getLogger

LOG = getLogger("nova.api.openstack.requestlog")

CLIENT_ADDRESS = "127.0.0.1"
"""Whence requests come: there is no network between a client and the API here."""

_LOG_FORMAT = (
    '%(REMOTE_ADDR)s "%(REQUEST_METHOD)s %(REQUEST_URI)s" status: %(status)s len: %(len)s '
    "microversion: %(microversion)s time: %(time).6f"
)

_WORDS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


_NO_ROUTE = {
    "message": "The resource could not be found.<br /><br />\n\n\n",
    "code": "404 Not Found",
    "title": "Not Found",
}
"""What WebOb makes of a 404 for a client that takes JSON."""


class NoRoute(Fault):
    """There is no such path, or not for that method: the router says so, not Nova (`nova/api/wsgi.py`)."""


class ComputeApp(App):
    """What nova-api answers. Every request is authenticated, logged, and its errors are worded as Nova's."""

    def __init__(
        self,
        auth: Auth,
        conf: Config,
        compute_api: API,
        host_api: HostAPI,
        aggregate_api: AggregateAPI,
    ) -> None:
        super().__init__()
        self.auth, self.clock = auth, auth.place.clock
        quotas = compute_api.quotas
        self.controllers = (
            AggregateController(auth, aggregate_api),
            AvailabilityZoneController(auth, host_api, conf),
            FlavorExtraSpecsController(auth),
            FlavorsController(auth, conf),
            HypervisorsController(auth, host_api),
            InstanceActionsController(auth, compute_api),
            InterfaceAttachmentController(auth, compute_api),
            KeypairController(auth, quotas),
            LimitsController(auth, quotas),
            MigrationsController(auth, compute_api),
            QuotaClassSetsController(auth, quotas),
            QuotaSetsController(auth, quotas),
            RemoteConsolesController(auth, compute_api),
            ServerActionsController(auth, compute_api),
            ServerGroupController(auth, quotas),
            ServerMetadataController(auth, compute_api),
            ServerTagsController(auth, compute_api),
            ServerMigrationsController(auth, compute_api),
            ServersController(auth, compute_api),
            ServiceController(auth, host_api, conf, aggregate_api, aggregate_api.placement_client),
            VersionsController(),
        )

    async def answer(self, request: Request) -> Response:
        """The answer, with a log line as nova-api's request log has it."""
        started = self.clock.now
        response = await super().answer(request)
        values = {
            "REMOTE_ADDR": CLIENT_ADDRESS,
            "REQUEST_METHOD": request.method,
            "REQUEST_URI": "?".join(filter(None, (request.path, request.query_string))),
            "status": response.status,
            "len": len(response.text),
            "microversion": _microversion(request),
            "time": self.clock.now - started,
        }
        LOG.info(_LOG_FORMAT, values, context=self.auth.seen(request))
        return response

    def find(self, request: Request) -> tuple[Handler, dict[str, str]]:
        """The handler; a microversion that is none is refused before it is asked (`wsgi.Resource.__call__`)."""
        try:
            found = super().find(request)
        except Fault:
            raise NoRoute(404, self.not_found) from None
        if request.path != "/":
            version_of(request)
        return found

    def fault(self, request: Request, fault: Fault) -> Response:
        """An error in Nova's form: `{"badRequest": {"code": 400, "message": …}}`."""
        if isinstance(fault, NoRoute):
            return Response(404, _NO_ROUTE)
        word = _WORDS.get(fault.status, "computeFault")
        return Response(fault.status, {word: {"code": fault.status, "message": fault.message}})

    def failed(self, request: Request, error: Exception) -> Response:
        """Nova's own errors say their status and text; any other is an unexpected API error."""
        if isinstance(error, NovaError) and error.code < 500:
            return self.fault(request, Fault(error.code, str(error)))
        text = (
            "Unexpected API Error. Please contact the administrator\n"
            f"<class '{class_name(type(error))}'>"
        )
        LOG.error("Unexpected exception in API method: %s", error)
        return self.fault(request, Fault(500, text))


def _microversion(request: Request) -> str:
    """The microversion of a request, as its log line has it: a dash where it asks for none that there is."""
    try:
        return shown(version_of(request))
    except Fault:
        return "-"
