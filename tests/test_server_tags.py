"""Tags of servers: put on, listed, asked for, in the words of `nova/api/openstack/compute/server_tags.py`."""

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused

V26 = {"openstack_api_version": "compute 2.26"}


@pytest.fixture
def cloud():
    with Cloud(hosts=1) as made:
        yield made


@pytest.fixture
def web(cloud):
    return cloud.boot("web").wait()


def ask(cloud, method, path, body=None, **headers):
    return cloud.request(method, f"/v2.1/servers{path}", body, **(headers or V26))


def tags(cloud, server):
    return ask(cloud, "GET", f"/{server.id}/tags")["tags"]


def names(cloud, query):
    return sorted(one["name"] for one in ask(cloud, "GET", f"?{query}")["servers"])


def test_tags_are_put_on_and_taken_off(cloud, web):
    path = f"/{web.id}/tags"
    assert tags(cloud, web) == []
    assert ask(cloud, "PUT", path, {"tags": ["red", "big", "red"]}) == {"tags": ["big", "red"]}
    call = cloud.send("PUT", f"/v2.1/servers{path}/old", None, **V26)
    cloud.run()
    assert call.done
    assert tags(cloud, web) == ["big", "old", "red"]
    ask(cloud, "PUT", f"{path}/old")
    ask(cloud, "DELETE", f"{path}/big")
    ask(cloud, "GET", f"{path}/red")
    assert tags(cloud, web) == ["old", "red"]
    ask(cloud, "DELETE", path)
    assert tags(cloud, web) == []


def test_servers_are_found_by_them(cloud, web):
    db, mail = cloud.boot("db").wait(), cloud.boot("mail").wait()
    ask(cloud, "PUT", f"/{web.id}/tags", {"tags": ["red", "big"]})
    ask(cloud, "PUT", f"/{db.id}/tags", {"tags": ["red"]})
    assert mail.status == "ACTIVE"
    assert names(cloud, "tags=red,big") == ["web"]
    assert names(cloud, "tags-any=red,big") == ["db", "web"]
    assert names(cloud, "not-tags=red,big") == ["db", "mail"]
    assert names(cloud, "not-tags-any=red,big") == ["mail"]


def test_before_2_26_there_are_none(cloud, web):
    header = {"openstack_api_version": "compute 2.25"}
    with pytest.raises(Refused, match="The resource could not be found") as refused:
        ask(cloud, "GET", f"/{web.id}/tags", **header)
    assert refused.value.code == 404
    assert len(ask(cloud, "GET", "?tags=red", **header)["servers"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "words"),
    [
        ("GET", "/tags/no", None, 404, "Server .* has no tag 'no'"),
        ("DELETE", "/tags/no", None, 404, "Instance .* has no tag 'no'"),
        ("PUT", "/tags/a,b", None, 400, "Tag 'a,b' is invalid. It must be a non empty string"),
        ("PUT", "/tags", {"tags": ["a/b"]}, 400, "'a/b' does not match"),
        ("PUT", "/tags", {"tags": [str(n) for n in range(51)]}, 400, "is too long"),
        ("PUT", "/tags", {}, 400, "'tags' is a required property"),
    ],
)
def test_what_is_refused(cloud, web, method, path, body, code, words):
    with pytest.raises(Refused, match=words) as refused:
        ask(cloud, method, f"/{web.id}{path}", body)
    assert refused.value.code == code


def test_fifty_are_enough(cloud, web):
    ask(cloud, "PUT", f"/{web.id}/tags", {"tags": [str(n) for n in range(50)]})
    with pytest.raises(Refused, match="The number of tags exceeded the per-server limit 50"):
        ask(cloud, "PUT", f"/{web.id}/tags/more")


def test_a_server_in_error_gets_none(cloud, web):
    web.reset_state("error")
    with pytest.raises(Refused, match=r"Cannot 'update tag' instance .* vm_state error") as refused:
        ask(cloud, "PUT", f"/{web.id}/tags/red")
    assert refused.value.code == 409
