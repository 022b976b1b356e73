"""Microversions of the compute API: which one a request asks for (`nova/api/openstack/api_version_request.py`)."""

from __future__ import annotations

from simnova.messaging.rest import Fault, Request

Version = tuple[int, int]

MIN_VERSION, MAX_VERSION = (2, 1), (2, 104)


def asked(request: Request) -> str:
    """The microversion as the client writes it; 2.1 where it says nothing."""
    text = request.headers.get("openstack-api-version", "").removeprefix("compute").strip()
    text = text or request.headers.get("x-openstack-nova-api-version", "2.1")
    return shown(MAX_VERSION) if text == "latest" else text


def version_of(request: Request) -> Version:
    """The microversion that the client asks for. Raises `Fault` 400 or 406 where it is none."""
    text = asked(request)
    major, _, minor = text.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise Fault(
            400,
            f"API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum.",
        )
    version = (int(major), int(minor))
    if not MIN_VERSION <= version <= MAX_VERSION:
        low, high = shown(MIN_VERSION), shown(MAX_VERSION)
        raise Fault(
            406,
            f"Version {text} is not supported by the API. Minimum is {low} and maximum is {high}.",
        )
    return version


def shown(version: Version) -> str:
    """As it is written: `2.104`."""
    return ".".join(map(str, version))


def only(request: Request, since: Version = MIN_VERSION, until: Version = MAX_VERSION) -> Version:
    """The microversion of a request, for what exists only from `since` to `until`; raises `Fault` 404 outside."""
    version = version_of(request)
    if not since <= version <= until:
        raise Fault(404, f"API version '{shown(version)}' is not supported on this method.")
    return version
