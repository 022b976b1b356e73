"""Microversions of the compute API: which one a request asks for (`nova/api/openstack/api_version_request.py`)."""

from __future__ import annotations

import re
from typing import Any

from simnova.messaging.rest import Fault, Request, Response, route
from simnova.nova import exception

Version = tuple[int, int]

MIN_VERSION, MAX_VERSION = (2, 1), (2, 104)


_FORM = re.compile(r"([1-9]\d*)\.([1-9]\d*|0)")


_UPDATED = {"v2.0": "2025-07-04T12:00:00Z", "v2.1": "2013-07-23T11:33:21Z"}
_TYPE = "application/vnd.openstack.compute+json;version="


class VersionsController:
    """Which versions of the API there are; nobody has to say who he is to see that."""

    @route("GET", "/")
    async def index(self, request: Request) -> Response:
        """All, the frozen v2 too."""
        return Response(200, {"versions": [_listed("v2.0", "v2"), _listed("v2.1", "v2.1")]})

    @route("GET", "/v2.1")
    async def show(self, request: Request) -> Response:
        """The version that this is, with its first and its last microversion."""
        described = {
            "rel": "describedby",
            "type": "text/html",
            "href": "http://docs.openstack.org/",
        }
        one = _listed("v2.1", "v2.1")
        media = {"base": "application/json", "type": f"{_TYPE}2.1"}
        links = [*one["links"], described]
        return Response(200, {"version": {**one, "links": links, "media-types": [media]}})


def _listed(ident: str, path: str) -> dict[str, Any]:
    current = ident == "v2.1"
    return {
        "id": ident,
        "status": "CURRENT" if current else "DEPRECATED",
        "version": shown(MAX_VERSION) if current else "",
        "min_version": shown(MIN_VERSION) if current else "",
        "updated": _UPDATED[ident],
        "links": [{"rel": "self", "href": f"http://nova-api/{path}/"}],
    }


def asked(request: Request) -> str:
    """The microversion as the client writes it; 2.1 where it says none, or only those of other services.

    It is the last of a list `placement 1.39, compute 2.90` that is for us (`microversion_parse`).
    """
    of_services = request.headers.get("openstack-api-version", "").split(",")
    ours = [of for of in map(str.split, of_services) if len(of) > 1 and of[0].lower() == "compute"]
    legacy = request.headers.get("x-openstack-nova-api-version", "").split(",")[-1].strip()
    text = " ".join(ours[-1][1:]) if ours else legacy or shown(MIN_VERSION)
    return shown(MAX_VERSION) if text == "latest" else text


def version_of(request: Request) -> Version:
    """The microversion that the client asks for. Raises `Fault` 400 or 406 where it is none."""
    text = asked(request)
    match = _FORM.fullmatch(text)
    if match is None:
        raise Fault(400, str(exception.InvalidAPIVersionString(version=text)))
    version = (int(match[1]), int(match[2]))
    if not MIN_VERSION <= version <= MAX_VERSION:
        limits = {"min_ver": shown(MIN_VERSION), "max_ver": shown(MAX_VERSION)}
        raise Fault(406, str(exception.InvalidGlobalAPIVersion(req_ver=text, **limits)))
    return version


def shown(version: Version) -> str:
    """As it is written: `2.104`."""
    return ".".join(map(str, version))


def only(request: Request, since: Version = MIN_VERSION, until: Version = MAX_VERSION) -> Version:
    """The microversion of a request, for what exists only from `since` to `until`; raises `Fault` 404 outside."""
    version = version_of(request)
    if not since <= version <= until:
        raise Fault(404, "The resource could not be found.")
    return version
