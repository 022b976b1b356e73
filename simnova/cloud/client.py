"""Whoever uses the cloud: gets a token, sends requests, reads answers, as `openstack` and openstacksdk do."""

from __future__ import annotations

from typing import Any

from simnova.exceptions import NovaError, UsageError
from simnova.kernel.clock import Service
from simnova.messaging.rest import Response, Rest

__door__ = True

MICROVERSION = "2.104"
_VERSIONS = {"nova-api": f"compute {MICROVERSION}", "placement": "placement 1.39"}
"""The newest microversion of each service that has them."""


class Refused(UsageError):
    """The API has refused a request: `code` is the HTTP status, `message` Nova's own words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} (HTTP {code})")
        self.code = code
        self.message = message


class Client:
    """The users' client. For each it asks Keystone for a token once and shows it with every request.

    A user's project has the user's name.
    """

    def __init__(self, rest: Rest, service: Service) -> None:
        self.rest = rest
        self.service = service
        self._tokens: dict[str, str] = {}

    async def request(
        self,
        service: str,
        method: str,
        path: str,
        body: Any = None,
        user: str = "admin",
        **headers: str,
    ) -> Response:
        """Send a request to a service and return its answer, whatever its status.

        A token that is no longer good is replaced, once, as keystoneauth's sessions do.
        """
        answer = await self._send(service, method, path, body, user, headers)
        if answer.status == 401:
            del self._tokens[user]
            answer = await self._send(service, method, path, body, user, headers)
        return answer

    async def _send(
        self, service: str, method: str, path: str, body: Any, user: str, headers: dict[str, str]
    ) -> Response:
        shown = {
            "X-Auth-Token": await self._authenticate(user),
            **({"OpenStack-API-Version": _VERSIONS[service]} if service in _VERSIONS else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        path, _, query = path.partition("?")
        return await self.rest.request(service, method, path, query=query, body=body, headers=shown)

    async def _authenticate(self, user: str) -> str:
        if user not in self._tokens:
            domain = {"id": "default"}
            who = {"name": user, "password": "secret", "domain": domain}
            scope = {"project": {"name": user, "domain": domain}}
            identity = {"methods": ["password"], "password": {"user": who}}
            body = {"auth": {"identity": identity, "scope": scope}}
            answer = await self.rest.request("keystone", "POST", "/v3/auth/tokens", body=body)
            checked(answer)
            self._tokens[user] = answer.headers["x-subject-token"]
        return self._tokens[user]


def checked(answer: Response) -> Response:
    """The answer where it is one; raises `Refused` for a 4xx, `NovaError` for a 5xx, with the service's own words."""
    if answer:
        return answer
    message = _message(answer.body)
    if answer.status < 500:
        raise Refused(answer.status, message)
    raise NovaError(f"{message} (HTTP {answer.status})")


def _message(body: Any) -> str:
    """The text in an error body, whichever service's form it has."""
    if not isinstance(body, dict):
        return str(body)
    if "errors" in body:
        return str(body["errors"][0].get("detail") or body["errors"][0].get("title"))
    if "title" in body and "message" in body:
        return str(body["message"]).partition("<br")[0]
    inner: Any = next(iter(body.values()), {})
    return str(inner.get("message", inner)) if isinstance(inner, dict) else str(inner)
