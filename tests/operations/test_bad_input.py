"""What servers are asked for in vain: Nova's status and words, and nothing has changed after it."""

import base64

import pytest

from simnova import Cloud, Host, Refused, UsageError

GHOST = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def cloud():
    """Two hosts of one size, one that is full, one that is down; `web` is on compute1."""
    hosts = ["compute1", "compute2", Host("full", vcpus=1, memory_mb=1024), "down"]
    made = Cloud(hosts=hosts)
    web = made.boot("web", flavor="m1.small", image="cirros", host="compute1")
    made.run()
    made.crash("nova-compute@down")
    made.run(until=made.now + 70)
    assert web.status == "ACTIVE"
    yield made
    made.close()


@pytest.fixture
def web(cloud):
    """The server, which is afterwards as it was."""
    server = cloud.servers["web"]
    before = state(cloud)
    yield server
    cloud.run()
    assert state(cloud) == before


def state(cloud):
    what = "vm_state, task_state, host, instance_type_id, image_ref, display_name, memory_mb"
    return cloud.sql(f"SELECT {what} FROM nova_cell1.instances WHERE deleted = 0").rows


def act(cloud, server, body, **how):
    """Do an action and let it end."""
    cloud.request("POST", f"/v2.1/servers/{server.id}/action", body, **how)
    cloud.run()


def refusal(cloud, server, body, **how):
    with pytest.raises(Refused) as refused:
        act(cloud, server, body, **how)
    return refused.value.code, refused.value.message


def last_action(cloud):
    sql = "SELECT action, message FROM nova_cell1.instance_actions ORDER BY id DESC LIMIT 1"
    return tuple(cloud.sql(sql).rows[0])


def last_fault(cloud):
    """A server that is not in ERROR does not show it."""
    sql = "SELECT message FROM nova_cell1.instance_faults ORDER BY id DESC LIMIT 1"
    return cloud.sql(sql).rows[0][0]


# --- resize ---------------------------------------------------------------------------------------------------


def test_a_resize_to_the_same_flavor(cloud, web):
    body = {"resize": {"flavorRef": cloud.flavors.id_of("m1.small")}}
    assert refusal(cloud, web, body) == (400, "When resizing, instances must change flavor!")


def test_a_resize_to_a_flavor_that_there_is_not(cloud, web):
    body = {"resize": {"flavorRef": "99"}}
    assert refusal(cloud, web, body) == (400, "Flavor 99 could not be found.")
    with pytest.raises(UsageError, match=r"unknown flavor 'm1.medum': did you mean 'm1.medium'"):
        web.resize("m1.medum")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"resize": {}}, "'flavorRef' is a required property"),
        ({"resize": None}, "None is not of type 'object'"),
        ({"resize": {"flavorRef": ""}}, "Invalid input for field/attribute flavorRef. Value: ."),
        ({"resize": {"flavorRef": None}}, "None is not of type 'string', 'integer'"),
        ({"resize": {"flavorRef": "1", "disk": 1}}, "Additional properties are not allowed"),
    ],
)
def test_a_resize_of_the_wrong_shape(cloud, web, body, words):
    code, message = refusal(cloud, web, body)
    assert code == 400
    assert words in message


def test_a_resize_to_no_disk(cloud, web):
    none = cloud.flavors.create("diskless", vcpus=1, ram=512, disk=0)
    words = (
        "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed."
    )
    assert refusal(cloud, web, {"resize": {"flavorRef": none.id}}) == (400, words)


def test_a_resize_to_a_smaller_disk_is_accepted_and_rolled_back(cloud, web):
    act(cloud, web, {"resize": {"flavorRef": cloud.flavors.id_of("m1.tiny")}})
    assert last_action(cloud) == ("resize", "Error")
    assert "Resize error: Unable to resize disk down." in last_fault(cloud)
    found = cloud.sql("SELECT status FROM nova_cell1.migrations ORDER BY id DESC LIMIT 1")
    assert found.column("status") == ["error"]


def test_a_resize_to_what_no_host_has(cloud, web):
    huge = cloud.flavors.create("huge", vcpus=1, ram=32768, disk=20)
    act(cloud, web, {"resize": {"flavorRef": huge.id}})
    assert last_action(cloud) == ("resize", "Error")
    assert last_fault(cloud).startswith("No valid host was found.")


def test_a_resize_beyond_the_quota(cloud, web):
    vast = cloud.flavors.create("vast", vcpus=30, ram=2048, disk=20)
    code, message = refusal(cloud, web, {"resize": {"flavorRef": vast.id}})
    assert code == 403
    assert message.startswith("Quota exceeded for cores: Requested 29, but already used 1 of 20")


def test_nothing_to_confirm_or_to_revert(cloud, web):
    for action in ("confirmResize", "revertResize"):
        code, message = refusal(cloud, web, {action: None})
        assert code == 409
        assert message == f"Cannot '{action}' instance {web.id} while it is in vm_state active"


# --- migrate --------------------------------------------------------------------------------------------------


def test_a_migration_to_the_same_host(cloud, web):
    body = {"migrate": {"host": "compute1"}}
    assert refusal(cloud, web, body) == (400, "Cannot migrate to the host where the server exists.")


def test_a_migration_to_a_host_that_there_is_not(cloud, web):
    body = {"migrate": {"host": "compute9"}}
    assert refusal(cloud, web, body) == (400, "Compute host compute9 could not be found.")


@pytest.mark.parametrize("host", ["full", "down"])
def test_a_migration_to_a_host_that_is_full_or_down_ends_without_a_valid_host(cloud, web, host):
    act(cloud, web, {"migrate": {"host": host}})
    assert last_action(cloud) == ("migrate", "Error")
    assert last_fault(cloud).startswith("No valid host was found.")


def test_a_migration_by_one_who_is_no_administrator(cloud, web):
    mine = cloud.boot("mine", flavor="m1.tiny", image="cirros", user="demo")
    cloud.run()
    words = "Policy doesn't allow os_compute_api:os-migrate-server:migrate to be performed."
    assert refusal(cloud, mine, {"migrate": None}, user="demo") == (403, words)
    mine.delete()
    cloud.run()


def test_a_migration_of_a_server_whose_host_is_down():
    cloud = Cloud(hosts=2)
    server = cloud.boot("web", flavor="m1.tiny", host="compute1")
    cloud.run()
    cloud.crash("nova-compute@compute1")
    cloud.run(until=cloud.now + 70)
    for body in ({"migrate": None}, {"resize": {"flavorRef": cloud.flavors.id_of("m1.small")}}):
        code, message = refusal(cloud, server, body)
        assert (code, message) == (409, "Service is unavailable at this time.")


# --- rebuild --------------------------------------------------------------------------------------------------


def image(cloud, name, **more):
    cloud.images.create(name, **more)
    return cloud.images.id_of(name)


def test_a_rebuild_with_an_image_that_is_too_large(cloud, web):
    big = image(cloud, "big", size=30 * 2**30)
    words = (
        "Flavor's disk is too small for requested image. "
        f"Flavor disk is {20 * 2**30} bytes, image is {30 * 2**30} bytes."
    )
    assert refusal(cloud, web, {"rebuild": {"imageRef": big}}) == (400, words)


def test_a_rebuild_with_an_image_that_wants_more(cloud, web):
    disk = image(cloud, "wants disk", min_disk=30)
    code, message = refusal(cloud, web, {"rebuild": {"imageRef": disk}})
    assert code == 400
    assert message.startswith("Flavor's disk is smaller than the minimum size specified in image")
    memory = image(cloud, "wants memory", min_ram=4096)
    code, message = refusal(cloud, web, {"rebuild": {"imageRef": memory}})
    assert (code, message) == (400, "Flavor's memory is too small for requested image.")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"imageRef": GHOST}, 400, "Cannot find image for rebuild"),
        ({"imageRef": "cirros"}, 400, "Invalid input for field/attribute imageRef. Value: cirros."),
        ({}, 400, "'imageRef' is a required property"),
        ({"imageRef": GHOST, "name": "x" * 256}, 400, "is too long"),
        (
            {"imageRef": GHOST, "user_data": "a"},
            400,
            "user_data. Value: a. 'a' is not valid under any",
        ),
        ({"imageRef": GHOST, "metadata": {"a/b": "v"}}, 400, "metadata"),
    ],
)
def test_a_rebuild_that_is_wrong(cloud, web, body, code, words):
    found, message = refusal(cloud, web, {"rebuild": body})
    assert found == code
    assert words in message


# --- images ---------------------------------------------------------------------------------------------------


def backups(cloud):
    return [image["name"] for image in cloud.images.rows() if image["name"].startswith("backup")]


def backup(rotation, name="backup"):
    return {"createBackup": {"name": name, "backup_type": "daily", "rotation": rotation}}


@pytest.mark.parametrize(
    ("rotation", "words"),
    [
        (
            -1,
            "Invalid input for field/attribute rotation. Value: -1. -1 is less than the minimum of 0",
        ),
        ("-1", "Value: -1. '-1' does not match '^[0-9]*$'"),
        ("many", "Value: many. 'many' does not match '^[0-9]*$'"),
        (1.5, "Value: 1.5. 1.5 is not of type 'integer', 'string'"),
        (None, "None is not of type 'integer', 'string'"),
    ],
)
def test_a_backup_with_a_rotation_that_is_none(cloud, web, rotation, words):
    code, message = refusal(cloud, web, backup(rotation))
    assert code == 400
    assert words in message
    assert backups(cloud) == []


def test_a_rotation_of_zero_deletes_every_backup(cloud, web):
    for number in (1, 2):
        act(cloud, web, backup(2, f"backup{number}"))
    assert backups(cloud) == ["backup1", "backup2"]
    before = {"openstack_api_version": "compute 2.44"}
    for rotation, place in ((2, True), (0, False)):
        call = cloud.send("POST", f"/v2.1/servers/{web.id}/action", backup(rotation), **before)
        cloud.run()
        assert call.result().status == 202
        assert ("location" in call.result().headers) is place
    assert backups(cloud) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Invalid input for field/attribute name. Value: ."),
        (
            " padded",
            "An invalid 'name' value was provided. The name must be: printable characters.",
        ),
        ("x" * 256, "is too long"),
    ],
)
def test_an_image_with_a_name_that_is_none(cloud, web, name, words):
    code, message = refusal(cloud, web, {"createImage": {"name": name}})
    assert code == 400
    assert words in message


# --- names, metadata, user data -------------------------------------------------------------------------------


def create(cloud, **fields):
    body = {
        "name": "new",
        "flavorRef": cloud.flavors.id_of("m1.tiny"),
        "imageRef": cloud.images.id_of("cirros"),
        "networks": "none",
        **fields,
    }
    with pytest.raises(Refused) as refused:
        cloud.request("POST", "/v2.1/servers", {"server": body})
    return refused.value.code, refused.value.message


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "x" * 256}, "is too long"),
        ({"name": " padded"}, "An invalid 'name' value was provided. The name must be: printable"),
        (
            {"name": 7},
            "Invalid input for field/attribute name. Value: 7. 7 is not of type 'string'",
        ),
        ({"description": "x" * 256}, "is too long"),
        ({"description": "two\nlines"}, "does not match"),
        ({"description": 7}, "7 is not of type 'string', 'null'"),
        ({"metadata": {"k" * 256: "v"}}, "metadata"),
        ({"metadata": {"": "v"}}, "metadata"),
        ({"metadata": {"a/b": "v"}}, "metadata"),
        ({"metadata": {"key": "v" * 256}}, "is too long"),
        ({"metadata": {"key": 7}}, "7 is not of type 'string'"),
        ({"metadata": ["key"]}, "is not of type 'object'"),
        ({"user_data": "a"}, "Value: a. 'a' is not a 'base64'"),
        ({"user_data": base64.b64encode(b"x" * 49152).decode()}, "is too long"),
        ({"min_count": 0}, "0 is less than the minimum of 1"),
        ({"max_count": "no"}, "max_count"),
        ({"flavour": "1"}, "Additional properties are not allowed ('flavour' was unexpected)"),
        ({"config_drive": "perhaps"}, "config_drive"),
    ],
)
def test_what_a_new_server_cannot_have(cloud, web, fields, words):
    code, message = create(cloud, **fields)
    assert code == 400
    assert words in message


def test_the_longest_that_a_new_server_can_have(cloud):
    fields = {
        "metadata": {"k" * 255: "v" * 255},
        "user_data": base64.b64encode(b"x" * 49149).decode(),
        "description": "x" * 255,
    }
    server = cloud.boot("x" * 255, flavor="m1.tiny", image="cirros", **fields)
    cloud.run()
    assert server.status == "ACTIVE"
    server.delete()
    cloud.run()


MANY = {f"k{number}": "v" for number in range(129)}
LIMIT = "Maximum number of metadata items exceeds 128"


def test_more_metadata_than_the_quota_allows(cloud, web):
    assert create(cloud, metadata=MANY) == (403, LIMIT)
    body = {"imageRef": cloud.images.id_of("cirros"), "metadata": MANY}
    assert refusal(cloud, web, {"rebuild": body}) == (403, LIMIT)
    images = len(cloud.images)
    for body in ({"createImage": {"name": "i"}}, backup(1)):
        (wanted,) = body.values()
        wanted["metadata"] = MANY
        assert refusal(cloud, web, body) == (403, "Image metadata limit exceeded")
    assert len(cloud.images) == images


# --- whose it is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"os-stop": None},
        {"reboot": {"type": "SOFT"}},
        {"resize": {"flavorRef": "3"}},
        {"rebuild": {"imageRef": GHOST}},
        {"createImage": {"name": "mine"}},
        {"createBackup": {"name": "mine", "backup_type": "daily", "rotation": 1}},
        {"lock": None},
        {"shelve": None},
        {"pause": None},
        {"rescue": None},
        {"confirmResize": None},
        {"forceDelete": None},
    ],
)
def test_an_action_on_a_server_of_another_project(cloud, web, body):
    words = f"Instance {web.id} could not be found."
    assert refusal(cloud, web, body, user="demo") == (404, words)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_a_server_of_another_project_is_not_there(cloud, web, method):
    body = {"server": {"name": "mine"}} if method == "PUT" else None
    with pytest.raises(Refused) as refused:
        cloud.request(method, f"/v2.1/servers/{web.id}", body, user="demo")
    words = f"Instance {web.id} could not be found."
    assert (refused.value.code, refused.value.message) == (404, words)
    listed = cloud.request("GET", "/v2.1/servers", user="demo")
    assert listed["servers"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Malformed request body"),
        ({"os-stopp": None}, "There is no such action: os-stopp"),
        ({"os-stop": None, "os-start": None}, "Malformed request body"),
        ([], "Malformed request body"),
        ({"reboot": {"type": "WARM"}}, "Invalid input for field/attribute type. Value: WARM."),
        ({"reboot": None}, "None is not of type 'object'"),
    ],
)
def test_an_action_that_is_none(cloud, web, body, words):
    code, message = refusal(cloud, web, body)
    assert code == 400
    assert words in message


def test_an_action_on_no_server(cloud, web):
    class Nobody:
        id = GHOST

    words = f"Instance {GHOST} could not be found."
    assert refusal(cloud, Nobody, {"os-stop": None}) == (404, words)
