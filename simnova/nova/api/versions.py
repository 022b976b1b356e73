"""Microversions of the compute API: which one a request asks for (`nova/api/openstack/api_version_request.py`)."""

from __future__ import annotations

import re

from simnova.messaging.rest import Fault, Request
from simnova.nova import exception

Version = tuple[int, int]

MIN_VERSION, MAX_VERSION = (2, 1), (2, 104)


_FORM = re.compile(r"([1-9]\d*)\.([1-9]\d*|0)")


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
