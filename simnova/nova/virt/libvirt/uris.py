"""libvirt's addresses of hypervisors: which can be driven, and what to do where nobody answers at one."""

from __future__ import annotations

import os
import platform
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, urlsplit

from simnova.exceptions import UsageError, unknown

__door__ = True

SCHEMES = ("qemu", "test")
TRANSPORTS = ("unix", "tcp", "ssh", "tls", "libssh", "libssh2", "ext")
PATHS = ("/session", "/system", "/embed")
"""Of QEMU: the user's own daemon, the machine's, and none at all."""

OWN_WORLD = ("test://", "test:///", "test:///default")
"""For these every host gets a world of its own: the whole process shares libvirt's default one."""

START = "its daemon is not running: start it, or take machines of your own: simnova hosts up"
MAY_NOT = "this user may not: join the group libvirt, or take qemu:///session"
REMEDIES = {
    r"connect socket .*(No such file|Connection refused)": START,
    r"connect to server .*Connection refused": START,
    r"connect socket .*Permission denied|authentication": MAY_NOT,
    r"Host key verification failed": "ssh does not know that machine: go there once by hand",
    r"Permission denied \(": "ssh is asked without a password: give a key, as in ?keyfile=/home/me/.ssh/id_ed25519",
    r"ssh: connect to host": "no ssh server answers there: start it, or take another port",
    r"Failed to parse user": "root's guests run as that user, whom libvirt-daemon-system brings",
    r"URI parameter 'root'|state driver is not active": (
        "a QEMU is embedded in this Python already, which then knows no other: restart it"
    ),
    r"certificate": "TLS needs certificates: take qemu+tcp:// on 127.0.0.1, or qemu+unix://",
}
"""What can be done, by a pattern of libvirt's words."""


def check_uri(uri: str) -> None:
    """Refuse what is no libvirt URI, or leads to another machine; raises UsageError."""
    scheme, colon, _ = uri.partition("://")
    kind, _, transport = scheme.partition("+")
    if not colon:
        raise UsageError(
            f"'{uri}' is no libvirt URI: take qemu:///session, qemu:///system or test:///"
        )
    if kind not in SCHEMES:
        raise unknown("libvirt URI scheme", scheme, SCHEMES)
    if transport and transport not in TRANSPORTS:
        raise unknown("transport of a libvirt URI", transport, TRANSPORTS)
    if kind == "qemu":
        _check_qemu(uri, _split(uri))


def _split(uri: str) -> SplitResult:
    parts = urlsplit(uri)
    try:
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"'{uri}': {error}") from None
    return parts


def _check_qemu(uri: str, parts: SplitResult) -> None:
    if not _is_here(parts.hostname):
        raise UsageError(
            f"'{uri}' is on {parts.hostname}: a real guest's files are made here, so its hypervisor must be on this "
            "machine"
        )
    if parts.path not in PATHS:
        raise UsageError(
            f"'{uri}' names no QEMU: end it in /session (this user's), /system (the machine's) or /embed?root=FOLDER"
        )
    if parts.path == "/embed" and not embedded_root(uri).startswith("/"):
        raise UsageError(f"'{uri}': an embedded QEMU needs a folder: qemu:///embed?root=/tmp/mine")


def _is_here(host: str | None) -> bool:
    if host in (None, "localhost", platform.node()):
        return True
    with suppress(ValueError):
        return ip_address(str(host)).is_loopback
    return False


def embedded_root(uri: str) -> str:
    """The folder of a QEMU that needs no daemon; empty where the URI names none."""
    return parse_qs(urlsplit(uri).query).get("root", [""])[0]


def check_together(uris: Iterable[str]) -> None:
    """Refuse hypervisors that cannot be compute hosts beside each other; raises UsageError.

    Each host would count all of the machine as its own, and take another's guests for its.
    """
    real = [uri for uri in uris if uri.startswith("qemu")]
    twice = [uri for uri, times in Counter(real).items() if times > 1]
    if twice:
        raise UsageError(
            f"two hosts have '{twice[0]}': one libvirt is one compute host; Machines(2), or `simnova hosts up 2` in a "
            "shell, brings up several"
        )
    embedded = [uri for uri in real if urlsplit(uri).path == "/embed"]
    if len(embedded) > 1:
        raise UsageError(
            f"'{embedded[1]}': one Python can embed one QEMU, and has '{embedded[0]}'; others need a daemon, as in "
            "Machines(2)"
        )


def check_file(uri: str) -> None:
    """Refuse a `test:///path` without a file: libvirt would only say that XML is bad."""
    scheme, _, path = uri.partition("://")
    if scheme == "test" and not os.path.exists(path):
        raise UsageError(f"no such file '{path}': give the XML of a test host, or use test:///")


def asking_nobody(uri: str) -> str:
    """The URI, by which ssh asks for no password and no "yes": nobody would see the question."""
    if "+ssh:" not in uri or "no_tty=" in uri:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}no_tty=1"


def remedy(said: str) -> str:
    """What can be done where a daemon cannot be reached."""
    found = [told for words, told in REMEDIES.items() if re.search(words, said)]
    return f" ({found[0]})" if found else ""
