"""What Placement's handlers share: a transaction for their work, the version asked for, and 404s in its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from simnova.db.database import Database
from simnova.kernel.clock import Clock
from simnova.messaging.rest import App, Fault, Request, Response
from simnova.placement import errors
from simnova.placement.context import AttributeCache, Context, Providers
from simnova.placement.objects import resource_provider as providers

T = TypeVar("T")
Version = tuple[int, int]
LATEST: Version = (1, 39)
HEADER = "openstack-api-version"


class Handlers(App):
    """The ground of Placement's app: its database and the caches of the names in it."""

    not_found = ""

    def __init__(self, clock: Clock, database: Database) -> None:
        self.clock = clock
        self.database = database
        self.rc_cache = AttributeCache("resource_classes", "No such resource class %s.")
        self.trait_cache = AttributeCache("traits", "No such trait(s): %s.")
        self.providers = Providers(database)

    async def run(self, work: Callable[[Context], T]) -> T:
        """Do the work in one transaction: all of it or nothing."""
        return await self.database.transact(
            lambda tx: work(Context(tx, self.rc_cache, self.trait_cache, self.providers))
        )

    async def answer(self, request: Request) -> Response:
        """Answer with the request's id and the version used in the headers."""
        response = await super().answer(request)
        response.headers["x-openstack-request-id"] = self.request_id(request)
        response.headers[HEADER] = f"placement {request.headers.get(HEADER, '1.0').split()[-1]}"
        return response

    def request_id(self, request: Request) -> str:
        """The id that Placement gives a request when it first needs one."""
        own = vars(request)
        if "request_id" not in own:
            own["request_id"] = "req-" + self.clock.uuid("request", "placement")
        return str(own["request_id"])

    def fault(self, request: Request, fault: Fault) -> Response:
        """Placement's errors: a list with status, title, detail and code."""
        headers = {"allow": fault.more["allow"]} if "allow" in fault.more else {}
        try:
            version = version_of(request)
        except Fault:
            version = (1, 0)
        body = errors.body(fault, request.method, version, self.request_id(request))
        return Response(fault.status, body, headers)


def version_of(request: Request) -> Version:
    """The microversion asked of Placement; 1.0 where none is. Raises a 406 for one that does not exist."""
    said = (each.strip().partition(" ") for each in request.headers.get(HEADER, "").split(","))
    asked = next((version for service, _, version in said if service == "placement"), "1.0")
    if asked == "latest":
        return LATEST
    match = re.fullmatch(r"1\.(\d+)", asked)
    if match is None or int(match[1]) > LATEST[1]:
        raise Fault(406, f"Invalid microversion: Unacceptable version header: {asked}")
    return 1, int(match[1])


def provider(ctx: Context, uuid: str, wording: str = "%(error)s") -> providers.Provider:
    """The provider of a path; raises a 404 in the words of the handler."""
    try:
        return providers.get_by_uuid(ctx, uuid)
    except errors.NotFound as error:
        raise errors.not_found(wording % {"uuid": uuid, "error": error}) from None
