"""Which microversion a request is for: Nova's wsgi looks at the header of every request that it has a handler for."""

from __future__ import annotations

from typing import Any

import pytest

from simnova import Cloud

ROUTES = [
    ("GET", "/v2.1/servers"),
    ("GET", "/v2.1/servers/detail"),
    ("POST", "/v2.1/servers"),
    ("DELETE", "/v2.1/servers/{id}"),
    ("GET", "/v2.1/flavors/detail"),
    ("GET", "/v2.1/os-services"),
    ("GET", "/v2.1/os-aggregates"),
]


def ask(cloud: Cloud, method: str, path: str, **headers: str) -> tuple[int, Any]:
    call = cloud.send(method, path, **headers)
    cloud.run()
    assert call.answer is not None
    return call.answer.status, call.answer.body


def test_a_microversion_that_the_api_does_not_have_is_not_acceptable_on_any_route() -> None:
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        words = "Version 2.200 is not supported by the API. Minimum is 2.1 and maximum is 2.104."
        for method, path in ROUTES:
            path = path.format(id=web.id)
            found = ask(cloud, method, path, openstack_api_version="compute 2.200")
            assert found == (406, {"computeFault": {"code": 406, "message": words}})
        assert web.status == "ACTIVE"


@pytest.mark.parametrize("text", ["x", "2", "2.01", "2.1.1", "2.1 3", "02.1"])
def test_what_is_no_microversion_is_a_bad_request(text: str) -> None:
    with Cloud(hosts=1) as cloud:
        found = ask(cloud, "GET", "/v2.1/servers", openstack_api_version=f"compute {text}")
        words = (
            f"API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum."
        )
        assert found == (400, {"badRequest": {"code": 400, "message": words}})


@pytest.mark.parametrize(
    ("header", "description"),
    [
        ("compute latest", True),
        ("compute 2.19", True),
        ("Compute 2.19", True),
        ("compute 2.18", False),
        ("placement 1.39", False),
        ("compute", False),
        ("2.104", False),
        ("placement 1.39, compute 2.90", True),
        ("compute 2.90, compute 2.2", False),
    ],
)
def test_the_header_names_the_service_that_a_microversion_is_for(
    header: str, description: bool
) -> None:
    """A server has a description from 2.19 on; who says nothing gets 2.1."""
    with Cloud(hosts=1) as cloud:
        web = cloud.boot("web")
        status, body = ask(cloud, "GET", f"/v2.1/servers/{web.id}", openstack_api_version=header)
        assert status == 200
        assert ("description" in body["server"]) is description


def test_a_version_below_the_first_is_none() -> None:
    with Cloud(hosts=1) as cloud:
        status, _ = ask(cloud, "GET", "/v2.1/servers", openstack_api_version="compute 2.0")
        assert status == 406


def test_the_old_header_has_the_microversion_alone() -> None:
    with Cloud(hosts=1) as cloud:
        headers = {"openstack_api_version": "", "X_OpenStack_Nova_API_Version": "2.200"}
        assert ask(cloud, "GET", "/v2.1/servers", **headers)[0] == 406
