"""Keystone: tokens, and who may do what (`keystone/api/`)."""

import pytest

from simnova.keystone.schema import fixed_id
from simnova.messaging.rest import Response


@pytest.fixture
def keystone(neighbours):
    return neighbours.serve("keystone")


def validate(keystone, subject, caller):
    return keystone.ask(
        "keystone", "GET", "/v3/auth/tokens", X_Auth_Token=caller, X_Subject_Token=subject
    )


def token_of(answer: Response) -> str:
    return answer.headers["x-subject-token"]


def error(answer):
    return answer.body["error"]


def test_a_token_says_who_in_which_project_with_which_roles(keystone):
    answer = keystone.token("demo")
    assert answer.status == 201
    token = answer.body["token"]
    assert token["user"]["name"] == "demo"
    assert token["project"] == {
        "id": fixed_id("project", "demo"),
        "name": "demo",
        "domain": {"id": "default", "name": "Default"},
    }
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert token["issued_at"].startswith("2026-01-01T00:00:00.")
    assert token["expires_at"].startswith("2026-01-01T01:00:00.")
    types = [service["type"] for service in token["catalog"]]
    assert types == ["identity", "compute", "image", "network", "placement"]


def test_the_password_is_neither_shown_nor_written_down_in_an_answer(keystone):
    token = token_of(keystone.token("admin"))
    answer = keystone.ask("keystone", "GET", "/v3/users?name=demo", X_Auth_Token=token)
    [user] = answer.body["users"]
    assert "password" not in user
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("user", "project", "password"),
    [
        ("demo", "demo", "wrong"),
        ("nobody", "demo", "secret"),
        ("demo", "admin", "secret"),
        ("demo", "nowhere", "secret"),
    ],
)
def test_all_that_is_wrong_is_the_same_401(keystone, user, project, password):
    domain = {"id": "default"}
    identity = {
        "methods": ["password"],
        "password": {"user": {"name": user, "password": password, "domain": domain}},
    }
    scope = {"project": {"name": project, "domain": domain}}
    body = {"auth": {"identity": identity, "scope": scope}}
    answer = keystone.ask("keystone", "POST", "/v3/auth/tokens", body)
    assert answer.status == 401
    assert error(answer) == {
        "code": 401,
        "message": "The request you have made requires authentication.",
        "title": "Unauthorized",
    }


def test_a_request_that_makes_no_sense(keystone):
    for body in (None, {}, {"auth": {}}, {"auth": {"identity": {"methods": "password"}}}):
        assert keystone.ask("keystone", "POST", "/v3/auth/tokens", body).status == 400


def test_a_token_is_good_for_an_hour(keystone):
    token = token_of(keystone.token("demo"))
    assert validate(keystone, token, token).body["token"]["user"]["name"] == "demo"
    keystone.clock.advance(3599)
    assert validate(keystone, token, token).status == 200
    keystone.clock.advance(2)
    assert validate(keystone, token, token).status == 401
    fresh = token_of(keystone.token("admin"))
    answer = validate(keystone, token, fresh)
    assert answer.status == 404
    assert error(answer)["message"] == f"Could not find token: {token}."


def test_a_revoked_token_is_none(keystone):
    token = token_of(keystone.token("demo"))
    headers = {"X_Auth_Token": token, "X_Subject_Token": token}
    assert keystone.ask("keystone", "DELETE", "/v3/auth/tokens", **headers).status == 204
    assert validate(keystone, token, token).status == 401


def test_a_token_without_a_project(keystone):
    user = {"name": "demo", "password": "secret", "domain": {"id": "default"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": "unscoped"}}
    token = keystone.ask("keystone", "POST", "/v3/auth/tokens", body).body["token"]
    assert "project" not in token
    assert "roles" not in token


def test_the_same_seed_gives_the_same_tokens(keystone):
    from .conftest import Neighbours

    again = Neighbours().serve("keystone")
    other = Neighbours(seed=1).serve("keystone")
    first = token_of(keystone.token("demo"))
    assert token_of(again.token("demo")) == first
    assert token_of(other.token("demo")) != first


def test_an_administrator_makes_a_user_and_a_project_and_gives_a_role(keystone):
    admin = {"X_Auth_Token": token_of(keystone.token("admin"))}
    project = keystone.ask(
        "keystone", "POST", "/v3/projects", {"project": {"name": "lab"}}, **admin
    )
    body = {"user": {"name": "ada", "password": "secret"}}
    user = keystone.ask("keystone", "POST", "/v3/users", body, **admin)
    assert (project.status, user.status) == (201, 201)
    assert keystone.token("ada", "lab").status == 401
    ids = project.body["project"]["id"], user.body["user"]["id"], fixed_id("role", "member")
    grant = "/v3/projects/{}/users/{}/roles/{}".format(*ids)
    assert keystone.ask("keystone", "PUT", grant, **admin).status == 204
    assert keystone.token("ada", "lab").body["token"]["project"]["name"] == "lab"
    twice = keystone.ask("keystone", "POST", "/v3/projects", {"project": {"name": "lab"}}, **admin)
    assert twice.status == 409


def test_a_member_makes_none(keystone):
    member = {"X_Auth_Token": token_of(keystone.token("demo"))}
    answer = keystone.ask(
        "keystone", "POST", "/v3/projects", {"project": {"name": "lab"}}, **member
    )
    assert answer.status == 403
    assert error(answer)["message"] == "You are not authorized to perform the requested action."


def test_unknown_things(keystone):
    admin = {"X_Auth_Token": token_of(keystone.token("admin"))}
    answer = keystone.ask("keystone", "GET", "/v3/users/nobody", **admin)
    assert error(answer)["message"] == "Could not find user: nobody."
    assert keystone.ask("keystone", "GET", "/v3/nothing", **admin).status == 404
    assert keystone.ask("keystone", "GET", "/v3/users", X_Auth_Token="x").status == 401
