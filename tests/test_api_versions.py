"""Which microversion a request is for: Nova's wsgi looks at the header of every request that it has a handler for."""

from __future__ import annotations

from typing import Any

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused

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


def test_a_path_that_is_not_there_is_told_by_the_router() -> None:
    """As WebOb words it; Nova's own form is for what Nova itself does not find."""
    with Cloud(hosts=1) as cloud:
        words = {
            "message": "The resource could not be found.<br /><br />\n\n\n",
            "code": "404 Not Found",
            "title": "Not Found",
        }
        for method, path in (("GET", "/v2.1/nothing"), ("PATCH", "/v2.1/servers")):
            found = ask(cloud, method, path, openstack_api_version="compute 2.200")
            assert found == (404, words)
        status, body = ask(cloud, "GET", "/v2.1/servers/nothing")
        assert (status, list(body)) == (404, ["itemNotFound"])
        with pytest.raises(Refused) as refused:
            cloud.request("GET", "/v2.1/nothing")
        assert refused.value.message == "The resource could not be found."


def test_the_versions_are_there_to_be_found() -> None:
    with Cloud(hosts=1) as cloud:
        _, body = ask(cloud, "GET", "/", openstack_api_version="compute 2.200")
        assert [(one["id"], one["status"]) for one in body["versions"]] == [
            ("v2.0", "DEPRECATED"),
            ("v2.1", "CURRENT"),
        ]
        for path in ("/v2.1", "/v2.1/"):
            _, body = ask(cloud, "GET", path)
            version = body["version"]
            assert (version["min_version"], version["version"]) == ("2.1", "2.104")
            assert version["links"][0] == {"rel": "self", "href": "http://nova-api/v2.1/"}
        assert ask(cloud, "GET", "/v2.1/", openstack_api_version="compute 2.200")[0] == 406


@pytest.mark.parametrize(("version", "described"), [("2.54", False), ("2.55", True)])
def test_flavors_in_brief_have_a_description_from_2_55_on(version: str, described: bool) -> None:
    with Cloud(hosts=1) as cloud:
        header = f"compute {version}"
        _, body = ask(cloud, "GET", "/v2.1/flavors", openstack_api_version=header)
        names = {"id", "name", "links"} | ({"description"} if described else set())
        assert {frozenset(one) for one in body["flavors"]} == {frozenset(names)}
        assert "m1.small" in {one["name"] for one in body["flavors"]}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sort_dir=up", "Unknown sort direction, must be 'desc' or 'asc'"),
        ("sort_key=uuid&sort_dir=up", "Unknown sort direction, must be 'desc' or 'asc'"),
        ("sort_dir=asc&sort_dir=asc", "Sort direction size exceeds sort key size"),
    ],
)
def test_a_wrong_direction_to_sort_in_has_novas_words(query: str, words: str) -> None:
    with Cloud(hosts=1) as cloud:
        status, body = ask(cloud, "GET", f"/v2.1/servers?{query}")
        assert (status, body["badRequest"]["message"]) == (400, f"Invalid input received: {words}")


def test_a_direction_alone_is_for_the_time_of_creation() -> None:
    with Cloud(hosts=1) as cloud:
        for name in "abc":
            cloud.boot(name).wait("ACTIVE")
            cloud.run(until=cloud.now + 2)
        _, body = ask(cloud, "GET", "/v2.1/servers?sort_dir=asc")
        assert [one["name"] for one in body["servers"]] == ["a", "b", "c"]
        _, body = ask(cloud, "GET", "/v2.1/servers")
        assert [one["name"] for one in body["servers"]] == ["c", "b", "a"]
