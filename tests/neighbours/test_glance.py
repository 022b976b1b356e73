"""Glance and Nova's client for it: images from queued to active, and who sees them."""

import hashlib

import pytest

from simnova.keystone.schema import fixed_id
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.image.glance import API

DEMO = {"X_Roles": "member", "X_Project_Id": fixed_id("project", "demo")}
OTHER = {"X_Roles": "member", "X_Project_Id": "f" * 32}
CIRROS = {"name": "cirros", "disk_format": "qcow2", "container_format": "bare"}


@pytest.fixture
def glance(neighbours):
    return neighbours.serve("glance")


@pytest.fixture
def api(neighbours):
    return API(neighbours.rest)


def create(glance, headers=DEMO, **more):
    answer = glance.ask("glance", "POST", "/v2/images", {**CIRROS, **more}, **headers)
    assert answer.status == 201
    return answer.body


def message(answer):
    return answer.body["message"].removesuffix("<br /><br />\n\n\n")


def names(glance, query="", headers=DEMO):
    found = glance.ask("glance", "GET", f"/v2/images{query}", **headers).body["images"]
    return sorted(image["name"] for image in found)


def test_a_new_image_is_queued_and_has_its_own_properties_beside_the_others(glance):
    image = create(glance, hw_vif_model="virtio", min_disk=1, tags=["small"])
    assert image["status"] == "queued"
    assert image["visibility"] == "shared"
    assert image["owner"] == fixed_id("project", "demo")
    assert image["hw_vif_model"] == "virtio"
    assert (image["min_disk"], image["min_ram"], image["size"]) == (1, 0, None)
    assert image["tags"] == ["small"]
    assert image["self"] == f"/v2/images/{image['id']}"


def test_data_makes_it_active_with_size_and_checksums(glance):
    image, data = create(glance), b"not much of a disk"
    file = f"/v2/images/{image['id']}/file"
    assert glance.ask("glance", "GET", file, **DEMO).status == 204
    assert glance.ask("glance", "PUT", file, data, **DEMO).status == 204
    shown = glance.ask("glance", "GET", f"/v2/images/{image['id']}", **DEMO).body
    assert (shown["status"], shown["size"]) == ("active", len(data))
    assert shown["checksum"] == hashlib.md5(data).hexdigest()
    assert shown["os_hash_value"] == hashlib.sha512(data).hexdigest()
    assert glance.ask("glance", "GET", file, **DEMO).body == data
    answer = glance.ask("glance", "PUT", file, data, **DEMO)
    assert answer.status == 409
    assert message(answer) == "Image status transition from active to saving is not allowed"


def test_a_size_alone_will_do(glance):
    image = create(glance)
    file = f"/v2/images/{image['id']}/file"
    assert glance.ask("glance", "PUT", file, Content_Length="21000000", **DEMO).status == 204
    shown = glance.ask("glance", "GET", f"/v2/images/{image['id']}", **DEMO).body
    assert (shown["status"], shown["size"]) == ("active", 21000000)
    answer = glance.ask("glance", "GET", file, **DEMO)
    assert (answer.status, answer.headers["content-length"]) == (200, "21000000")


def test_no_image_of_that_id(glance):
    answer = glance.ask("glance", "GET", "/v2/images/nope", **DEMO)
    assert answer.status == 404
    assert answer.body == {
        "message": "No image found with ID nope<br /><br />\n\n\n",
        "code": "404 Not Found",
        "title": "Not Found",
    }


def test_who_sees_an_image(glance):
    admin = {"X_Roles": "admin", "X_Project_Id": fixed_id("project", "admin")}
    create(glance, admin, name="public", visibility="public")
    create(glance, name="mine")
    create(glance, name="community", visibility="community")
    hidden = create(glance, name="hidden", os_hidden=True)
    assert names(glance) == ["community", "mine", "public"]
    assert names(glance, "?visibility=community", OTHER) == ["community"]
    assert names(glance, "", OTHER) == ["public"]
    assert names(glance, "?os_hidden=true") == ["hidden"]
    assert names(glance, "?name=mine") == ["mine"]
    path = f"/v2/images/{hidden['id']}"
    assert glance.ask("glance", "GET", path, **OTHER).status == 404
    answer = glance.ask("glance", "POST", "/v2/images", {**CIRROS, "visibility": "public"}, **DEMO)
    assert answer.status == 403


def test_filters_on_properties_tags_and_size(glance):
    create(glance, name="a", os_distro="ubuntu", tags=["x"])
    create(glance, name="b", os_distro="debian")
    assert names(glance, "?os_distro=ubuntu") == ["a"]
    assert names(glance, "?tag=x") == ["a"]
    assert names(glance, "?name=in:a,b") == ["a", "b"]
    assert names(glance, "?size_min=1") == []


def test_a_page_and_the_next(glance):
    for name in "abc":
        create(glance, name=name)
        glance.clock.advance(1)
    page = glance.ask("glance", "GET", "/v2/images?limit=2", **DEMO).body
    assert [image["name"] for image in page["images"]] == ["c", "b"]
    rest = glance.ask("glance", "GET", page["next"], **DEMO).body
    assert [image["name"] for image in rest["images"]] == ["a"]
    assert "next" not in rest


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_disk": -1},
        {"min_disk": "big"},
        {"min_ram": 2**40},
        {"disk_format": "floppy"},
        {"visibility": "everyone"},
        {"name": "x" * 256},
        {"hw_vif_model": 5},
        {"id": "not a uuid"},
    ],
)
def test_values_that_the_schema_does_not_allow(glance, wrong):
    answer = glance.ask("glance", "POST", "/v2/images", {**CIRROS, **wrong}, **DEMO)
    assert answer.status == 400
    assert message(answer).startswith("Provided object does not match schema 'image': ")


def test_a_body_that_is_no_object(glance):
    assert glance.ask("glance", "POST", "/v2/images", [1], **DEMO).status == 400
    assert glance.ask("glance", "POST", "/v2/images", **DEMO).status == 400


def test_change_and_delete(glance):
    image = create(glance, os_distro="ubuntu")
    path = f"/v2/images/{image['id']}"
    changes = [
        {"op": "replace", "path": "/name", "value": "cirros-0.6"},
        {"op": "add", "path": "/hw_machine_type", "value": "q35"},
        {"op": "remove", "path": "/os_distro"},
        {"op": "replace", "path": "/protected", "value": True},
    ]
    shown = glance.ask("glance", "PATCH", path, changes, **DEMO).body
    assert (shown["name"], shown["hw_machine_type"]) == ("cirros-0.6", "q35")
    assert "os_distro" not in shown
    read_only = [{"op": "replace", "path": "/size", "value": 1}]
    assert glance.ask("glance", "PATCH", path, read_only, **DEMO).status == 403
    assert glance.ask("glance", "DELETE", path, **DEMO).status == 403
    unprotected = [{"op": "replace", "path": "/protected", "value": False}]
    glance.ask("glance", "PATCH", path, unprotected, **DEMO)
    assert glance.ask("glance", "DELETE", path, **OTHER).status == 404
    assert glance.ask("glance", "DELETE", path, **DEMO).status == 204
    assert glance.ask("glance", "GET", path, **DEMO).status == 404


def test_a_token_is_shown_to_keystone_once(glance):
    glance.serve("keystone")
    token = {"X_Auth_Token": glance.token("demo").headers["x-subject-token"]}
    assert names(glance, "", token) == []
    assert names(glance, "", token) == []
    asked = [e.actor for e in glance.clock.journal if e.kind == "http.request"]
    assert asked.count("glance") == 1
    assert glance.ask("glance", "GET", "/v2/images", X_Auth_Token="wrong").status == 401
    glance.clock.stop(glance.services["keystone"])
    assert glance.ask("glance", "GET", "/v2/images", X_Auth_Token="other").status == 503


def test_without_a_token_nothing(glance):
    assert glance.ask("glance", "GET", "/v2/images", X_Other="x").status == 401


def test_the_dict_that_nova_works_with(glance, api, context):
    image = create(glance, hw_vif_model="virtio")
    shown = glance.do(api.get(context, image["id"]))
    assert shown["properties"] == {"hw_vif_model": "virtio"}
    assert (shown["name"], shown["status"], shown["size"]) == ("cirros", "queued", 0)
    assert shown["is_public"] is False
    assert not {"self", "file", "schema", "visibility", "tags"} & set(shown)


def test_a_snapshot_goes_there_and_back(glance, api, context):
    info = {
        **CIRROS,
        "is_public": False,
        "properties": {"image_type": "snapshot", "block_device_mapping": [{"boot_index": 0}]},
    }
    made = glance.do(api.create(context, info, b"data"))
    assert (made["status"], made["size"]) == ("active", 4)
    assert made["properties"]["block_device_mapping"] == [{"boot_index": 0}]
    assert glance.do(api.download(context, made["id"])) == b"data"
    assert [i["id"] for i in glance.do(api.get_all(context, name="cirros"))] == [made["id"]]
    glance.do(api.delete(context, made["id"]))
    with pytest.raises(exception.ImageNotFound, match="could not be found"):
        glance.do(api.get(context, made["id"]))


def test_nova_asks_again_while_glance_is_down(glance, api, context):
    image = create(glance)
    glance.clock.stop(glance.services["glance"])
    started = glance.clock.now
    with pytest.raises(exception.GlanceConnectionFailed, match="Connection to glance host"):
        glance.do(api.get(context, image["id"]))
    assert glance.clock.now - started > 3
    assert len([e for e in glance.kinds("log") if "retrying" in e["message"]]) == 3
    glance.clock.after(1.5, glance.serve, "glance")
    assert glance.do(api.get(context, image["id"]))["id"] == image["id"]


def test_an_image_that_is_not_for_this_user(glance, api):
    image = create(glance)
    stranger = RequestContext(project_id="f" * 32, roles=["member"])
    with pytest.raises(exception.ImageNotFound):
        glance.do(api.get(stranger, image["id"]))
