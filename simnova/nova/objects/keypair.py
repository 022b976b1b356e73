"""Key pairs: public keys that servers are given (`nova/objects/keypair.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from simnova.db.exception import DBDuplicateEntry
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject

__door__ = True


@dataclass
class KeyPair(NovaObject):
    """A user's public key (`type` ssh) or certificate (x509), by its name."""

    VERSION: ClassVar[str] = "1.4"

    id: int | None = None
    name: str = ""
    user_id: str | None = None
    fingerprint: str = ""
    public_key: str = ""
    type: str = "ssh"
    created_at: str | None = None
    updated_at: str | None = None

    async def create(self) -> None:
        """Write it; raises KeyPairExists where the user has one of that name."""
        names = ("name", "user_id", "fingerprint", "public_key", "type")
        values = {name: getattr(self, name) for name in names}
        self.created_at = self.ctxt.now()
        try:
            row = await self.ctxt.api_db.insert("key_pairs", **values, created_at=self.created_at)
        except DBDuplicateEntry:
            raise exception.KeyPairExists(key_name=self.name) from None
        self.id = row["id"]

    async def destroy(self) -> None:
        """Delete it; raises KeypairNotFound. Servers that have the key keep it."""
        where = {"user_id": self.user_id, "name": self.name}
        if not await self.ctxt.api_db.delete("key_pairs", where):
            raise exception.KeypairNotFound(**where)

    @classmethod
    async def get_by_name(cls, context: RequestContext, user_id: str, name: str) -> KeyPair:
        """A user's key pair; raises KeypairNotFound."""
        row = await context.api_db.get("key_pairs", user_id=user_id, name=name)
        if row is None:
            raise exception.KeypairNotFound(name=name, user_id=user_id)
        return cls._from_row(context, row)

    @classmethod
    async def get_by_user(
        cls,
        context: RequestContext,
        user_id: str,
        limit: int | None = None,
        marker: str | None = None,
    ) -> list[KeyPair]:
        """A user's key pairs by name, as many as `limit`, those after `marker`; raises MarkerNotFound."""
        rows = await context.api_db.select("key_pairs", {"user_id": user_id}, order_by="name")
        found = [cls._from_row(context, row) for row in rows]
        if marker is not None:
            names = [one.name for one in found]
            if marker not in names:
                raise exception.MarkerNotFound(marker=marker)
            found = found[names.index(marker) + 1 :]
        return found[:limit]

    @classmethod
    async def get_count_by_user(cls, context: RequestContext, user_id: str) -> int:
        """How many a user has."""
        (found,) = await context.api_db.totals("key_pairs", [], {"user_id": user_id})
        return int(found["count"])

    @classmethod
    def _from_row(cls, context: RequestContext, row: dict[str, Any]) -> KeyPair:
        names = cls.field_names()
        return cls(**{name: row[name] for name in names}, context=context).obj_reset_changes()
