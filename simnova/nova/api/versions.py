"""Microversions of the compute API: which one a request asks for (`nova/api/openstack/api_version_request.py`)."""

from __future__ import annotations

from simnova.messaging.rest import Fault, Request

Version = tuple[int, int]

MIN_VERSION, MAX_VERSION = (2, 1), (2, 104)


def version_of(request: Request) -> Version:
    """The microversion that the client asks for; 2.1 where it says nothing. Raises `Fault` 400 or 406."""
    headers = request.headers
    text = headers.get("openstack-api-version", "").removeprefix("compute").strip()
    text = text or headers.get("x-openstack-nova-api-version", "2.1")
    if text == "latest":
        return MAX_VERSION
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
