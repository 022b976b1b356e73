"""Accidents of what keeps data: databases, and the store of images."""

from __future__ import annotations

from functools import partial

from simnova.cloud import checks
from simnova.cloud.accidents.base import Base
from simnova.db.database import Outage
from simnova.exceptions import UsageError, one_of
from simnova.kernel.faults import Faults

__door__ = True

GONE = (
    "(pymysql.err.OperationalError) (2003, \"Can't connect to MySQL server on 'controller' "
    '([Errno 111] Connection refused)")'
)
"""What the driver says of a database server that is down."""


class Stores(Base):
    """What can happen to a database, and to the store of images."""

    def refuse(self, database: str, reason: str = GONE, *, hang: bool = False) -> Faults:
        """Have a database (`nova_cell1`, `nova_api`, `placement`, …) refuse every transaction, until `accept`.

        A service that asks it gets a DBConnectionError with this reason; where the database hangs it gets nothing,
        and waits. You still see what is in it.
        """
        self._database(database)
        checks.check_text("reason", reason)
        checks.check_switch("hang", hang)
        self._input("refuse", database=database, reason=reason, hang=hang)
        return self.faults

    def accept(self, database: str) -> Faults:
        """Have a database that refuses answer again; whoever waits for it goes on."""
        self._refusing(self._database(database))
        self._input("accept", database=database)
        return self.faults

    def fill_images(self, left_gb: float | None = 0) -> Faults:
        """Have Glance's store be full but for so many GiB; None gives it all the room again.

        An upload that does not fit is refused (413): Nova deletes the image that it had begun, the server has a fault
        and is as before.
        """
        checks.check_size("left_gb", left_gb)
        self._input("fill_images", left_gb=left_gb)
        return self.faults

    def _database(self, name: str) -> str:
        known = self.assembly.databases.metadata
        self._check_open()
        return one_of("database", name, known)

    def _refusing(self, name: str) -> None:
        if self.assembly.databases[name].outage is None:
            raise UsageError(f"{name} does not refuse: refuse({name!r}) comes first")

    # --- done, now or in a replay ------------------------------------------------------------------------------

    def _do_refuse(self, database: str, reason: str, hang: bool) -> None:
        self.faults.mend("refuse", database)
        found, outage = self.assembly.databases[database], Outage(self.clock, reason, hang)
        found.outage = outage

        def end() -> None:
            found.outage = None
            outage.end()

        does = "hangs" if hang else "refuses"
        self.faults.last("refuse", database, f"the database {database} {does}: {reason}", end)

    def _do_accept(self, database: str) -> None:
        self.faults.mend("refuse", database)

    def _do_fill_images(self, left_gb: float | None) -> None:
        glance = self.assembly.glance
        self.faults.mend("fill", "glance")
        if left_gb is not None:
            glance.room = int(left_gb * 2**30)
            text = f"Glance's store is full but for {left_gb:g} GiB"
            self.faults.last("fill", "glance", text, partial(setattr, glance, "room", None))
