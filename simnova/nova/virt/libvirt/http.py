"""What a guest asks and is answered over HTTP, as bytes."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from simnova.messaging.rest import Response
from simnova.nova.virt.libvirt.gateway import content_length

__door__ = True

Answer = Callable[[str, str, str | None], Response | None]
"""Asked with method, path and body; None where nobody answers."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


def answered(request: bytes, answer: Answer) -> bytes:
    """The answer to a whole request."""
    head, _, rest = request.partition(b"\r\n\r\n")
    line = head.split(b"\r\n")[0].decode("latin-1").split()
    if len(line) != 3 or line[0] not in METHODS or not line[1].startswith("/"):
        return _written(Response(400), False)
    method, path = line[0], line[1].partition("?")[0]
    size = content_length(head)
    body = rest[:size].decode(errors="replace") if size else None
    found = answer("GET" if method == "HEAD" else method, path, body)
    return _written(Response(503) if found is None else found, method == "HEAD")


def _written(found: Response, only_head: bool) -> bytes:
    body = found.text if isinstance(found.text, bytes) else found.text.encode()
    kind = found.headers.get("content-type", "application/json")
    head = (
        f"HTTP/1.1 {found.status} {HTTPStatus(found.status).phrase}\r\n"
        f"Content-Type: {kind}; charset=UTF-8\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + (b"" if only_head else body)
