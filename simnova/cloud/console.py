"""What the address of a console says: whose it is, and the token in it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

from simnova.config import Config
from simnova.exceptions import UsageError
from simnova.nova.console.websocketproxy import PROXIES


def address(url: str, conf: Config) -> tuple[str, str]:
    """The proxy that an address leads to, and the token; raises `UsageError` where it leads to none.

    noVNC's page takes the token out of its `path`.
    """
    bases = (
        conf.vnc.novncproxy_base_url,
        conf.spice.html5proxy_base_url,
        conf.serial_console.base_url,
    )
    known = {urlparse(base).netloc: name for base, name in zip(bases, PROXIES, strict=True)}
    asked = urlparse(url)
    if asked.netloc not in known:
        raise UsageError(f"'{url}' is no console's address: those begin with {', '.join(bases)}")
    query = parse_qs(asked.query)
    inner = parse_qs(urlparse(query.get("path", [""])[0]).query)
    return known[asked.netloc], ({**inner, **query}.get("token") or [""])[0]
