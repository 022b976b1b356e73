"""Fingerprints of public keys and certificates (`nova/crypto.py`)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ssl
from collections.abc import Iterator

from simnova.nova import exception

_FIELDS = {
    "ssh-rsa": 2,
    "ssh-dss": 4,
    "ssh-ed25519": 1,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}
"""How many fields follow the type in a key of each type (RFC 4253, 5656, 8709; OpenSSH's PROTOCOL.u2f)."""


def generate_fingerprint(public_key: str) -> str:
    """The MD5 of an SSH public key, in pairs; raises InvalidKeypair for what is none."""
    try:
        kind, data = public_key.split(" ")[:2]
        blob = base64.b64decode(data, validate=True)
        name, *fields = _fields(blob)
        good = name.decode("ascii") == kind and len(fields) == _FIELDS[kind]
    except (ValueError, KeyError):
        good = False
    if not good:
        raise exception.InvalidKeypair(reason="failed to generate fingerprint")
    return _pairs(hashlib.md5(blob, usedforsecurity=False).hexdigest())


def _fields(blob: bytes) -> Iterator[bytes]:
    """The parts of a key, each after its length; raises ValueError where the last one is cut off."""
    while blob:
        end = 4 + int.from_bytes(blob[:4])
        if not 4 < end <= len(blob):
            raise ValueError(blob)
        yield blob[4:end]
        blob = blob[end:]


def generate_x509_fingerprint(pem_key: str) -> str:
    """The SHA-1 of a certificate in PEM, in pairs; raises InvalidKeypair for what is none."""
    try:
        blob = ssl.PEM_cert_to_DER_cert(pem_key.strip())
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=blob)
    except (ValueError, binascii.Error, ssl.SSLError) as error:
        reason = f"failed to generate X509 fingerprint. Error message: {error}"
        raise exception.InvalidKeypair(reason=reason) from None
    return _pairs(hashlib.sha1(blob, usedforsecurity=False).hexdigest())


def _pairs(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
