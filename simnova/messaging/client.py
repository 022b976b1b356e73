"""The caller's side of RPC (`oslo_messaging/rpc/client.py`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simnova.kernel.clock import Expired
from simnova.kernel.journal import declare
from simnova.messaging.envelope import deserialize_remote_exception, seal
from simnova.messaging.exceptions import InvalidTarget, MessagingTimeout, RPCVersionCapError
from simnova.messaging.target import NoOpSerializer, Serializer, Target, compatible
from simnova.messaging.transport import Reply, Transport

__door__ = True

CALL = declare("rpc.call", "a service calls a method of another and waits for its reply", ("body",))
CAST = declare("rpc.cast", "a service has another do something and does not wait", ("body",))
TIMEOUT = declare("rpc.timeout", "a caller waited for a reply in vain")


class RPCClient:
    """Calls the methods of whoever serves a target. `timeout` and `call_monitor_timeout` are in
    seconds.

    With `call_monitor_timeout` a long call lives as long as the server's heartbeats come,
    `timeout` at most.
    """

    def __init__(
        self,
        transport: Transport,
        target: Target,
        serializer: Serializer | None = None,
        timeout: float = 60.0,
        version_cap: str | None = None,
        call_monitor_timeout: float | None = None,
    ) -> None:
        self.transport = transport
        self.target = target
        self.serializer = serializer or NoOpSerializer()
        self.timeout = timeout
        self.version_cap = version_cap
        self.call_monitor_timeout = call_monitor_timeout

    def prepare(
        self,
        timeout: float | None = None,
        version_cap: str | None = None,
        call_monitor_timeout: float | None = None,
        **target: Any,
    ) -> RPCClient:
        """A client like this one with something else in its target (server, fanout, version, …)
        or timeouts.
        """
        return RPCClient(
            self.transport,
            replace(self.target, **target),
            self.serializer,
            self.timeout if timeout is None else timeout,
            version_cap or self.version_cap,
            call_monitor_timeout or self.call_monitor_timeout,
        )

    def can_send_version(self, version: str | None = None) -> bool:
        """Whether the version cap lets a version through."""
        return self.version_cap is None or compatible(
            self.version_cap, version or self.target.version
        )

    async def cast(self, ctxt: Any, method: str, **kwargs: Any) -> None:
        """Have it done by the server, by any one of the topic, or with `fanout` by all, without
        waiting.
        """
        target = self.target
        text = self._record(CAST, ctxt, method, kwargs, None, {})
        if self.transport.down:
            await self.transport.ready()
        if target.fanout:
            self.transport.fanout_send(target.topic, text)
        else:
            self.transport.topic_send(target.exchange, _key(target), text)

    async def call(self, ctxt: Any, method: str, **kwargs: Any) -> Any:
        """Have it done and return the result; raises what the method raised, or
        `MessagingTimeout`.
        """
        transport, target = self.transport, self.target
        if target.fanout:
            raise InvalidTarget("A call cannot be used with fanout", target)
        msg_id = transport.new_id()
        reply_to = {
            "_msg_id": msg_id,
            "_reply_q": transport.reply_queue(),
            "_timeout": self.call_monitor_timeout,
        }
        text = self._record(CALL, ctxt, method, kwargs, msg_id, reply_to)
        started = transport.clock.now
        signal = transport.listen(msg_id)
        try:
            if transport.down:
                await self._reach_the_bus(method, msg_id)
            transport.topic_send(target.exchange, _key(target), text, self.timeout)
            reply = await self._wait(method, msg_id, signal, started)
        finally:
            transport.unlisten(msg_id)
        if reply["failure"]:
            raise deserialize_remote_exception(reply["failure"])
        return self.serializer.deserialize_entity(ctxt, reply["result"])

    def _record(
        self,
        kind: str,
        ctxt: Any,
        method: str,
        kwargs: dict[str, Any],
        msg_id: str | None,
        reply_to: dict[str, Any],
    ) -> str:
        """Note the message in the journal and return the text of it, the same that is sent."""
        target, serialize = self.target, self.serializer.serialize_entity
        if self.version_cap is not None and not self.can_send_version():
            raise RPCVersionCapError(version=target.version, version_cap=self.version_cap)
        unique_id = self.transport.new_id()
        message = {
            "method": method,
            "args": {name: serialize(ctxt, value) for name, value in kwargs.items()},
            "version": target.version,
            **({"namespace": target.namespace} if target.namespace is not None else {}),
            **reply_to,
            "_unique_id": unique_id,
        }
        for key, value in self.serializer.serialize_context(ctxt).items():
            message[f"_context_{key}"] = value
        text = seal(message)
        data = {
            "method": method,
            "topic": target.topic,
            "server": target.server,
            "fanout": target.fanout,
            "exchange": target.exchange,
            "version": target.version,
            "msg_id": msg_id,
            "unique_id": unique_id,
            "body": text,
        }
        self.transport.clock.journal.record(kind, data)
        return text

    async def _reach_the_bus(self, method: str, msg_id: str) -> None:
        """Wait for the bus as long as for a reply."""
        try:
            await self.transport.ready(self.timeout)
        except Expired:
            raise self._timed_out(method, msg_id, self.timeout) from None

    async def _wait(self, method: str, msg_id: str, signal: Any, started: float) -> dict[str, Any]:
        clock, monitor = self.transport.clock, self.call_monitor_timeout
        deadline = started + self.timeout
        while True:
            left = deadline - clock.now
            try:
                answer: Reply = await clock.wait(
                    signal, left if monitor is None else min(left, monitor)
                )
            except Expired:
                raise self._timed_out(method, msg_id, clock.now - started) from None
            delivery, reply = answer
            task = clock.active
            if task is not None:
                task.latest = delivery.event
            if reply["ending"]:
                return reply
            signal = self.transport.listen(msg_id)

    def _timed_out(self, method: str, msg_id: str, waited: float) -> MessagingTimeout:
        target = self.target
        data = {"method": method, "topic": target.topic, "server": target.server, "msg_id": msg_id}
        self.transport.clock.journal.record(TIMEOUT, {**data, "seconds": round(waited, 6)})
        return MessagingTimeout(msg_id=msg_id)


def _key(target: Target) -> str:
    return f"{target.topic}.{target.server}" if target.server else target.topic
