"""What goes wrong in messaging: RabbitMQ's replies with their codes and texts, and
oslo.messaging's exceptions.

The texts of the broker's replies were read off a RabbitMQ 3.10.8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simnova.exceptions import NovaError

if TYPE_CHECKING:
    from simnova.messaging.target import Target

REPLIES = {
    320: "CONNECTION_FORCED",
    403: "ACCESS_REFUSED",
    404: "NOT_FOUND",
    405: "RESOURCE_LOCKED",
    406: "PRECONDITION_FAILED",
    503: "COMMAND_INVALID",
    504: "CHANNEL_ERROR",
    530: "NOT_ALLOWED",
    540: "NOT_IMPLEMENTED",
}
"""AMQP's reply codes and their names."""

HARD = frozenset({320, 503, 504, 530, 540})
"""The replies that close the whole connection; the others close the channel."""


class AMQPError(NovaError):
    """The broker refused; `reply_code` and `reply_text` are what it sent with its close."""

    msg_fmt = "(%(reply_code)d, %(reply_text)r)"

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.reply_code: int = kwargs.get("reply_code", 0)
        self.reply_text: str = kwargs.get("reply_text", self.message)


class ChannelClosedByBroker(AMQPError):
    """A channel error: the broker closed the channel, and what it had not acknowledged is
    requeued.
    """


class ConnectionClosedByBroker(AMQPError):
    """A connection error: the broker closed the connection with all its channels."""


def refusal(code: int, text: str) -> AMQPError:
    """The broker's reply of that code as an exception to raise."""
    kind = ConnectionClosedByBroker if code in HARD else ChannelClosedByBroker
    return kind(reply_code=code, reply_text=f"{REPLIES[code]} - {text}")


def not_found(what: str, name: str) -> AMQPError:
    """404: there is no exchange or queue of that name."""
    return refusal(404, f"no {what} '{name}' in vhost '/'")


def locked(queue: str) -> AMQPError:
    """405: an exclusive queue belongs to another connection."""
    return refusal(
        405,
        f"cannot obtain exclusive access to locked queue '{queue}' in vhost '/'. It could be"
        " originally declared on another connection or the exclusive property value does not match"
        " that of the original declaration.",
    )


def check_equivalent(
    what: str, name: str, received: Mapping[str, object], current: Mapping[str, object]
) -> None:
    """Raise 406 where a declaration differs from what exists under that name."""
    for arg, value in received.items():
        if value != current[arg]:
            pair = f"received '{_plain(value)}' but current is '{_plain(current[arg])}'"
            raise refusal(406, f"inequivalent arg '{arg}' for {what} '{name}' in vhost '/': {pair}")


def check_arguments(
    what: str,
    name: str,
    keys: Sequence[str],
    received: Mapping[str, Any],
    current: Mapping[str, Any],
) -> None:
    """Raise 406 where one of the optional arguments `keys` differs from what exists under that
    name.
    """
    for key in keys:
        new, old = received.get(key), current.get(key)
        if new == old:
            continue
        if new is None or old is None:
            pair = f"received {_typed(new)} but current is {_typed(old)}"
        else:
            pair = f"received '{new}' but current is '{old}'"
        raise refusal(406, f"inequivalent arg '{key}' for {what} '{name}' in vhost '/': {pair}")


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(value: object) -> str:
    if value is None:
        return "none"
    return f"the value '{value}' of type '{'signedint' if isinstance(value, int) else 'longstr'}'"


class MessagingException(NovaError):
    """The base of oslo.messaging's exceptions."""


class MessagingTimeout(MessagingException):
    """No reply came in time. The work may have been done all the same."""

    msg_fmt = "Timed out waiting for a reply to message ID %(msg_id)s"


class InvalidTarget(MessagingException):
    """A target does not fit what is done with it."""

    def __init__(self, message: str, target: Target) -> None:
        super().__init__(f"{message}:{target}")
        self.target = target


class RemoteError(MessagingException):
    """A remote method raised something that may not be rebuilt here; type, value and traceback
    are text.
    """

    def __init__(
        self, exc_type: str | None = None, value: str | None = None, traceback: Sequence[str] = ()
    ) -> None:
        self.exc_type, self.value, self.traceback = exc_type, value, list(traceback)
        super().__init__(f"Remote error: {exc_type} {value}\n{self.traceback}.")


class NoSuchMethod(MessagingException):
    """No endpoint of the server has a method of that name."""

    msg_fmt = "Endpoint does not support RPC method %(method)s"


class UnsupportedVersion(MessagingException):
    """No endpoint of the server serves that version."""

    msg_fmt = "Endpoint does not support RPC version %(version)s. Attempted method: %(method)s"


class RPCVersionCapError(MessagingException):
    """A client may not send a version above its cap."""

    msg_fmt = (
        "Requested message version, %(version)s is incompatible.  It needs to be equal in major"
        " version and less than or equal in minor version as the specified version cap"
        " %(version_cap)s."
    )
