"""What guests ask of the metadata service, told by what it is about."""

from __future__ import annotations

import re
from typing import Any

from simnova.observe.telling import Telling

Match = re.Match[str]

PAGES = {
    r"/openstack/[^/]+/meta_data\.json": "the server's metadata",
    r"/openstack/[^/]+/network_data\.json": "the server's network",
    r"/openstack/[^/]+/user_data|/[^/]+/user-data": "the server's user data",
    r"/openstack/[^/]+/vendor_data2?\.json": "what the cloud's operator tells every guest",
    r"/[^/]+/meta-data/public-keys/0/openssh-key": "the server's public key",
    r"/openstack/[^/]+/password": "the guest's password",
    r".*": "page {0}",
}


def _ask(page: str) -> Any:
    return lambda telling, match: (
        f"asks the metadata service for {page.format(match[0])} in its guest's name"
    )


def _answer(page: str) -> Any:
    def answer(telling: Telling, match: Match) -> str:
        return f"answers with {page.format(match[0])}"

    return answer


METADATA: list[tuple[str, str, Any, Any]] = [
    ("GET", path, _ask(page), _answer(page)) for path, page in PAGES.items()
]
METADATA.append(
    (
        "POST",
        r"/openstack/[^/]+/password",
        lambda telling, match: "hands the metadata service the password that its guest has made",
        lambda telling, match: "has noted the password",
    )
)
