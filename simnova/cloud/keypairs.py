"""Key pairs: the public keys that servers are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simnova.arguments import named
from simnova.cloud.collection import Collection, Item
from simnova.nova.cmd.manage import API_DB
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud


class Keypair(Item):
    """A key pair as it was when it was looked up."""

    def __init__(self, cloud: Cloud, values: dict[str, Any]) -> None:
        super().__init__("key pair", values)
        self.cloud = cloud

    def delete(self) -> None:
        """Forget it; servers that were given it have it still."""
        path = f"/v2.1/os-keypairs/{quote(self.name)}?user_id={self.user_id}"
        self.cloud.request("DELETE", path)


class Keypairs(Collection[Keypair]):
    """The public keys of all users."""

    what = "key pair"

    def rows(self) -> list[dict[str, Any]]:
        """Name, type, fingerprint, the user's id."""
        names = ("name", "type", "fingerprint", "user_id")
        rows = self._select(API_DB, "key_pairs")
        return [{**{name: row[name] for name in names}, "id": row["name"]} for row in rows]

    def table(self) -> Table:
        """All of them."""
        names = ("name", "type", "fingerprint", "user_id")
        return Table(list(names), [[row[name] for name in names] for row in self.rows()])

    def _item(self, row: dict[str, Any]) -> Keypair:
        return Keypair(self.cloud, row)

    @named
    def create(
        self, name: str, public_key: str, *, type: str = "ssh", user: str = "admin"
    ) -> Keypair:
        """Note a user's public key (`ssh-ed25519 AAAA… me`) or, with type x509, a certificate in PEM.

        `cloud.boot("web", key_name=name)` gives it to a server. Raises `Refused` in Nova's words.
        """
        asked = {"name": name, "public_key": public_key, "type": type}
        self.cloud.request("POST", "/v2.1/os-keypairs", {"keypair": asked}, user=user)
        return self[name]

    def delete(self, name: str) -> None:
        """Forget the key pair of that name."""
        self[name].delete()
