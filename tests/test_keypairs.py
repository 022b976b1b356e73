"""Key pairs through the API: import, list in pages, show, delete, by user; and a server that is given one."""

import pytest

from simnova import Cloud, Refused

RSA = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDGMeeuiP/i+O7w91NS6qqrn3EeX1YeYyRMl4/J6Zwp1EDG5q0JBd7J6CcLGWwc/HWB2"
    "ZQhlCkQTQD8ZEGTC+cOxDlPMNS4O2qjbdba706DkDCxVbMngN3+tQRoDpzNPCBKYsRg9FwSCXBthWEPCR2Y9jhU0tmbzYoEQJ2ZpWk/CQ== me"
)
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEnDB6EAAkotdJP+74PkLsuWGW0yHYarssO+Jk1MGHcF me"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNmxia89QKp3IRInBWepXh4TIWAzqAewZ/"
    "Tt4ukdyvAt9wCz2FkjATYmHzWjfh/s0qVQmQyIpkZe25XeS7il1LM= me"
)
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBcjCCARegAwIBAgIUHPc1lggPHZOF9+WF2apmMIAQfZEwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCbWUwIBcNMjYxMTIxMTYyNjQ4WhgPMjEyNjEwMjgxNjI2NDha
MA0xCzAJBgNVBAMMAm1lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9548PzFA
3h4adBRdor29DnNNWy4HVui0HR0jiwlnLP3DgOWlDn7Y7VBPvmotjhGxFbUkjuVv
b9kWG8BQ3BCxLaNTMFEwHQYDVR0OBBYEFNsRIxVJHOex7WB/Swmm9nlSeQNVMB8G
A1UdIwQYMBaAFNsRIxVJHOex7WB/Swmm9nlSeQNVMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSQAwRgIhALZCub5yWco/diwvMIO/VlmrBkIswNUAoaQs1vvH
v9CXAiEAuwrwgzSpFVP90HBwY4uWRARSLLRssRGH3C2J3+8Qfgg=
-----END CERTIFICATE-----
"""
KEYS = "/v2.1/os-keypairs"


def at(version):
    return {"openstack_api_version": f"compute {version}"}


@pytest.fixture
def cloud():
    return Cloud(hosts=1)


@pytest.fixture(scope="module")
def asked():
    """A cloud that only refuses."""
    made = Cloud(hosts=1)
    made.keypairs.create("mine", RSA)
    return made


def refusal(cloud, method, path, body=None, **how):
    with pytest.raises(Refused) as refused:
        cloud.request(method, path, body, **how)
    return refused.value.code, refused.value.message


@pytest.mark.parametrize(
    ("kind", "key", "fingerprint"),
    [
        ("ssh", RSA, "ef:df:7b:b8:bb:14:7e:44:78:e2:d4:f6:80:44:3d:90"),
        ("ssh", ED25519, "4f:35:d9:c0:01:61:b8:3a:ae:6e:be:ce:88:e4:10:27"),
        ("ssh", ECDSA, "28:f1:b8:1f:4f:4e:62:ce:ad:42:7f:45:45:fb:30:c1"),
        ("x509", CERTIFICATE, "cf:e3:5c:cd:6e:a4:fd:2a:9a:2c:77:de:7f:38:5f:da:b7:cc:a0:47"),
    ],
)
def test_fingerprints_are_those_of_ssh_keygen_and_openssl(cloud, kind, key, fingerprint):
    made = cloud.keypairs.create("mine", key, type=kind)
    assert (made.type, made.fingerprint) == (kind, fingerprint)
    assert fingerprint[:50] in repr(cloud.keypairs)


def test_a_key_pair_is_shown_as_nova_shows_it(cloud):
    body = {"keypair": {"name": "mine", "public_key": RSA}}
    call = cloud.send("POST", KEYS, body)
    cloud.run()
    assert call.answer.status == 201
    made = call.answer.body["keypair"]
    assert set(made) == {"name", "type", "public_key", "fingerprint", "user_id"}
    shown = cloud.request("GET", f"{KEYS}/mine")["keypair"]
    more = {"id", "created_at", "updated_at", "deleted", "deleted_at"}
    assert set(shown) == set(made) | more
    (listed,) = cloud.request("GET", KEYS)["keypairs"]
    assert set(listed["keypair"]) == {"name", "type", "public_key", "fingerprint"}
    (old,) = cloud.request("GET", KEYS, **at("2.1"))["keypairs"]
    assert set(old["keypair"]) == {"name", "public_key", "fingerprint"}


@pytest.mark.parametrize(("version", "made", "gone"), [("2.1", 200, 202), ("2.2", 201, 204)])
def test_statuses_of_old_microversions(cloud, version, made, gone):
    body = {"keypair": {"name": "mine", "public_key": RSA}}
    create = cloud.send("POST", KEYS, body, **at(version))
    cloud.run()
    delete = cloud.send("DELETE", f"{KEYS}/mine", **at(version))
    cloud.run()
    assert (create.answer.status, delete.answer.status) == (made, gone)
    assert len(cloud.keypairs) == 0


def test_pages(cloud):
    for name in ("c", "a", "b"):
        cloud.keypairs.create(name, RSA)
    page = cloud.request("GET", f"{KEYS}?limit=2")
    assert [one["keypair"]["name"] for one in page["keypairs"]] == ["a", "b"]
    (link,) = page["keypairs_links"]
    assert link["href"].endswith("/os-keypairs?limit=2&marker=b")
    rest = cloud.request("GET", link["href"].removeprefix("http://nova-api"))
    assert [one["keypair"]["name"] for one in rest["keypairs"]] == ["c"]
    assert "keypairs_links" not in rest


def test_each_user_has_their_own(cloud):
    cloud.keypairs.create("mine", RSA, user="demo")
    cloud.keypairs.create("mine", ED25519)
    assert len(cloud.keypairs) == 2
    demo, admin = (row["user_id"] for row in cloud.keypairs.rows())
    found = cloud.request("GET", f"{KEYS}/mine?user_id={demo}")["keypair"]
    assert found["public_key"] == RSA
    assert refusal(cloud, "GET", f"{KEYS}?user_id={admin}", user="demo") == (
        403,
        "Policy doesn't allow os_compute_api:os-keypairs:index to be performed.",
    )
    ignored = cloud.request("GET", f"{KEYS}?user_id={demo}", **at("2.9"))
    assert ignored["keypairs"][0]["keypair"]["public_key"] == ED25519


def test_a_server_gets_the_key_and_keeps_it(cloud):
    cloud.keypairs.create("mine", ED25519)
    server = cloud.boot("web", flavor="m1.tiny", key_name="mine")
    cloud.run()
    cloud.keypairs["mine"].delete()
    assert server.show()["key_name"] == "mine"
    assert cloud.sql("SELECT key_data FROM nova_cell1.instances").rows == [(ED25519,)]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"name": "mine", "public_key": RSA}, 409, "Key pair 'mine' already exists."),
        (
            {"name": "bad", "public_key": "ssh-rsa " + ED25519.split()[1]},
            400,
            "Keypair data is invalid: failed to generate fingerprint",
        ),
        (
            {"name": "bad", "public_key": RSA[:40]},
            400,
            "Keypair data is invalid: failed to generate fingerprint",
        ),
        (
            {"name": "bad", "public_key": "rubbish", "type": "x509"},
            400,
            "Keypair data is invalid: failed to generate X509 fingerprint.",
        ),
        ({"name": "generated"}, 400, "'public_key' is a required property"),
        ({"name": "a/b", "public_key": RSA}, 400, "Invalid input for field/attribute name."),
        ({"name": "n" * 256, "public_key": RSA}, 400, "is too long"),
        ({"name": "bad", "public_key": RSA, "type": "pgp"}, 400, "'pgp' is not one of"),
    ],
)
def test_what_is_refused(asked, body, code, words):
    status, message = refusal(asked, "POST", KEYS, {"keypair": body})
    assert status == code
    assert words in message


@pytest.mark.parametrize(
    ("method", "path", "code", "words"),
    [
        ("GET", "/none", 404, "Keypair none not found for user"),
        ("DELETE", "/none", 404, "Keypair none not found for user"),
        ("GET", "?marker=none", 400, "Marker none could not be found."),
        ("GET", "?limit=-1", 400, "'-1' does not match '^[0-9]*$'"),
    ],
)
def test_what_is_not_there(asked, method, path, code, words):
    status, message = refusal(asked, method, KEYS + path)
    assert status == code
    assert words in message


def test_a_server_with_a_key_that_there_is_not(asked):
    with pytest.raises(Refused, match=r"Invalid key_name provided\."):
        asked.boot("web", key_name="none")


def test_quota_of_key_pairs_is_the_users():
    cloud = Cloud(hosts=1, config={"quota": {"key_pairs": 1}})
    cloud.keypairs.create("a", RSA)
    cloud.keypairs.create("a", RSA, user="demo")
    body = {"keypair": {"name": "b", "public_key": RSA}}
    assert refusal(cloud, "POST", KEYS, body) == (403, "Quota exceeded, too many key pairs.")
