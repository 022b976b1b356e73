"""What guests ask of the metadata service, and who brings it there: Neutron's agent on the way from 169.254.169.254.

In Neutron: `neutron/agent/metadata/agent.py`.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from simnova.cloud.assembly import METADATA
from simnova.cloud.engine import MOMENT
from simnova.cloud.running import Running
from simnova.exceptions import UsageError, unknown
from simnova.messaging.rest import Response
from simnova.nova.api.metadata.handler import REMOTE, sign

if TYPE_CHECKING:
    from simnova.cloud.server import Call, Server

__door__ = True

AGENT = "neutron-metadata-agent"

PATIENCE = 20.0
"""Wall seconds after which a real guest is told that nobody answers (503)."""


class GuestRequests(Running):
    """The part of `Cloud` that asks in guests' names."""

    def _answer_guest(self, **asked: Any) -> Response | None:
        """The answer to a real guest, on a thread of its own; a cloud that stands still runs until it is answered."""
        calls: list[Call] = []
        self.clock.real.post(lambda: calls.append(self._input("metadata", **asked)))
        deadline = time.monotonic() + PATIENCE
        while not self.closed and time.monotonic() < deadline:
            if self._owner is None:
                self._run_for_guest(calls)
            if calls and calls[0].done:
                return calls[0].answer
            time.sleep(MOMENT)
        return None

    def _run_for_guest(self, calls: list[Call]) -> None:
        """Somebody else may be faster: then the request is done there."""
        self._serving = threading.get_ident()
        with suppress(UsageError), self._engine():
            while calls and not calls[0].done and not self.clock.quiet and self.clock.step():
                pass

    def ask_as_guest(
        self,
        server: Server,
        path: str,
        method: str = "GET",
        body: str | None = None,
        address: str | None = None,
    ) -> Any:
        """A page of the metadata service, as the guest of a server gets it; runs until it is answered."""
        addresses = server.addresses
        if address is not None and address not in addresses:
            raise unknown("address", address, addresses)
        if not addresses:
            raise UsageError(f"server '{server.name}' has no address yet: nobody can ask from it")
        project = str(server.show()["tenant_id"])
        request = {"method": method, "path": path, "body": body}
        asked = {"server": server.id, "project": project, "address": address or addresses[0]}
        call: Call = self._input("metadata", **asked, **request)
        self._until_answered(call)
        return page(call.result())

    def _do_metadata(self, **request: Any) -> Call:
        from simnova.cloud.server import Call

        if METADATA not in self.assembly.running:
            self.assembly.start(METADATA, background=True)
        if AGENT not in self.assembly.running:
            self.assembly.running[AGENT] = self.clock.start(AGENT, background=True)
        call = Call(self, f"req-{self.clock.uuid('request')}")  # type: ignore[arg-type]
        self.clock.spawn(
            self._bring(call, **request),
            service=self.assembly.running[AGENT],
            cause=call.first,
            request_id=call.request_id,
        )
        self.clock.begin()
        return call

    async def _bring(
        self,
        call: Call,
        server: str,
        project: str,
        address: str,
        method: str,
        path: str,
        body: str | None,
    ) -> None:
        conf, rest = self.assembly.conf, self.assembly.rest
        headers = {"X-Forwarded-For": address, REMOTE: address}
        if conf.neutron.service_metadata_proxy:
            secret = str(conf.neutron.metadata_proxy_shared_secret)
            signature = {"X-Instance-ID-Signature": sign(secret, server)}
            headers |= {"X-Instance-ID": server, "X-Tenant-ID": project, **signature}
        data = None if body is None else body.encode()
        try:
            call.answer = await rest.request(METADATA, method, path, body=data, headers=headers)
        except Exception as error:
            call.error = error


def page(answer: Response) -> Any:
    """What an answer holds: JSON read, all else as it is."""
    if answer.headers.get("content-type") == "application/json" or isinstance(answer.text, bytes):
        return answer.body
    try:
        found = json.loads(answer.text)
    except ValueError:
        return answer.text
    return found if isinstance(found, dict) else answer.text
