"""Tokens with which a user may open a server's console, until they end (`nova/objects/console_auth_token.py`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlparse

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, remotable, remotable_class

__door__ = True

TABLE = "console_auth_tokens"
_STORED = (
    *("console_type", "host", "port", "internal_access_path", "instance_uuid"),
    "access_url_base",
)


@dataclass
class ConsoleAuthToken(NovaObject):
    """Where a console listens, and the token for it. The database has only the token's hash; `expires` in seconds."""

    VERSION: ClassVar[str] = "1.3"

    id: int | None = None
    console_type: str = ""
    host: str = ""
    port: int = 0
    internal_access_path: str | None = None
    instance_uuid: str = ""
    access_url_base: str | None = None
    token: str = ""
    expires: int = 0

    @property
    def access_url(self) -> str:
        """The proxy's address with the token in it; noVNC takes it within its `path`."""
        if self.console_type != "novnc":
            return f"{self.access_url_base}?token={self.token}"
        base = urlparse(self.access_url_base or "")
        query = parse_qs(base.query)
        query["path"] = [f"{query.get('path', [''])[0]}?token={self.token}"]
        return str(base._replace(query=urlencode(query, doseq=True)).geturl())

    @remotable
    async def authorize(self, ttl: int) -> None:
        """Make up a token and store its hash; it is good for `ttl` seconds."""
        clock = self.ctxt.here.clock
        self.token = clock.uuid("console_auth_token")
        self.expires = int(clock.now) + ttl
        values = {name: getattr(self, name) for name in _STORED}
        row = await self.ctxt.cell_db.insert(
            TABLE,
            **values,
            token_hash=_hash(self.token),
            expires=self.expires,
            created_at=self.ctxt.now(),
        )
        self.id = row["id"]

    @classmethod
    async def validate(cls, context: RequestContext, token: str) -> ConsoleAuthToken:
        """What a token is for; raises InvalidToken where there is none such, or its time is over."""
        row = await context.cell_db.get(TABLE, token_hash=_hash(token))
        if row is None or row["expires"] <= context.here.clock.now:
            raise exception.InvalidToken(token="***")
        values: dict[str, Any] = {name: row[name] for name in (*_STORED, "id", "expires")}
        return cls(**values, token=token, context=context)

    @classmethod
    @remotable_class
    async def clean_console_auths_for_instance(cls, context: RequestContext, uuid: str) -> None:
        """Forget all tokens for a server."""
        await context.cell_db.delete(TABLE, {"instance_uuid": uuid})

    @classmethod
    @remotable_class
    async def clean_expired_console_auths(cls, context: RequestContext) -> None:
        """Forget all tokens whose time is over."""

        def work(tx: Any) -> None:
            for row in tx.select(TABLE):
                if row["expires"] <= context.here.clock.now:
                    tx.delete(TABLE, {"id": row["id"]})

        await context.cell_db.transact(work)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
