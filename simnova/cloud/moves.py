"""What a learner can ask of a server that is to go elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnova.cloud.guests import Guests
from simnova.cloud.seats import Seats
from simnova.exceptions import UsageError
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.collection import Item


_MIGRATIONS = (
    "SELECT id, migration_type AS type, status, source_compute AS source, dest_compute AS dest, "
    "memory_remaining * (status != 'completed') / 1048576 AS left_mb, "
    "memory_total / 1048576 AS of_mb, uuid "
    "FROM {cell}.migrations WHERE instance_uuid = '{server}' ORDER BY id"
)


class Moves(Guests, Seats):
    """The half of `Server` about moving. Each runs the cloud until the API has answered, not until it is done."""

    def resize(self, flavor: str | Item) -> None:
        """Ask the API to give it another flavor, by name; then `confirm_resize()` or `revert_resize()` it."""
        self.act("resize", {"flavorRef": self.cloud.flavors.id_of(flavor)})

    def confirm_resize(self) -> None:
        """Ask the API to keep it as it is after a resize or a migration."""
        self.act("confirmResize")

    def revert_resize(self) -> None:
        """Ask the API to make it again what it was, where it was."""
        self.act("revertResize")

    def migrate(self, host: str | None = None) -> None:
        """Ask the API to move it to another host, switched off; then confirm or revert that."""
        self.act("migrate", {"host": host} if host else None)

    def live_migrate(self, host: str | None = None, block_migration: bool | str = "auto") -> None:
        """Ask the API to move it to another host while it runs; `cloud.run()` follows it to its end."""
        self.act("os-migrateLive", {"host": host, "block_migration": block_migration})

    def evacuate(self, host: str | None = None) -> None:
        """Ask the API to make it anew on another host, because its own is down; there it is off until `start()`.

        So since microversion 2.95; before, it ran there as it had here.
        """
        self.act("evacuate", {"host": host} if host else {})

    def write_memory(self, rate: float) -> None:
        """Have its guest write so many MB a second to its memory: the more, the longer it takes to move it live.

        Raises `UsageError` where it has no guest on a simulated host.
        """
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not rate >= 0:
            raise UsageError(f"rate={rate!r}: give MB a second, 0 or more")
        if self.host is None:
            raise UsageError(f"server '{self.name}' has no host: it writes to no memory")
        self.cloud._input("write_memory", server=self.id, host=self.host, rate=float(rate))

    def force_complete(self) -> None:
        """Ask the API to end its live migration by force: its guest is paused, or goes on over there at once."""
        self._end_live_migration("POST", "/action", {"force_complete": None})

    def abort_migration(self) -> None:
        """Ask the API to call its live migration off, also where it still waits in the queue."""
        self._end_live_migration("DELETE", "", None)

    def _end_live_migration(self, method: str, path: str, body: Any) -> None:
        rows = self.migrations.rows
        if not rows:
            raise UsageError(f"server '{self.name}' has no migration: live_migrate() it first")
        which = f"/v2.1/servers/{self.id}/migrations/{rows[-1][0]}{path}"
        self.cloud.request(method, which, body)

    @property
    def migrations(self) -> Table:
        """Its migrations so far as the cell's table has them, oldest first; memory still to be sent, in MB.

        Of a completed one nothing is left, though Nova leaves in the table what it wrote down last.
        """
        found = [
            self.cloud.sql(_MIGRATIONS.format(cell=cell.database, server=self.id))
            for cell in self.cloud.assembly.layout.cells
        ]
        return Table(found[0].columns, [row for table in found for row in table.rows])
