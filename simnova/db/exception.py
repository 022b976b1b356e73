"""What a database refuses, under the names of oslo.db and, for the policy, of Nova."""

from __future__ import annotations

import re
from typing import Any

from simnova.exceptions import NovaError

_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


class DBNotAllowed(NovaError):
    """A service touched a database that it must reach through the conductor
    (`nova.exception.DBNotAllowed`).
    """

    msg_fmt = "%(binary)s attempted direct database access which is not allowed by policy"


class DBError(NovaError):
    """The database failed; `reason` is what its driver said (`oslo_db.exception.DBError`)."""

    msg_fmt = "%(reason)s"


class DBConnectionError(DBError):
    """The database server cannot be reached (`oslo_db.exception.DBConnectionError`)."""


class CantStartEngineError(NovaError):
    """A service has no such database in its nova.conf (`oslo_db.exception.CantStartEngineError`)."""

    msg_fmt = "No sql_connection parameter is established"


class DBDuplicateEntry(DBError):
    """A unique constraint was violated by `columns` (`oslo_db.exception.DBDuplicateEntry`)."""

    @property
    def columns(self) -> list[str]:
        """The columns that must be unique together."""
        return list(self.kwargs.get("columns", ()))


class DBReferenceError(DBError):
    """A row refers to one that is not there (`oslo_db.exception.DBReferenceError`)."""


def translate(error: Exception) -> DBError:
    """The driver's error as oslo.db names it, with the driver's name and text in front as oslo.db
    has them.
    """
    text = str(error)
    reason = f"({type(error).__module__}.{type(error).__name__}) {text}"
    unique = _UNIQUE.search(text)
    if unique is not None:
        return DBDuplicateEntry(reason=reason, columns=_columns(unique[1]))
    if "FOREIGN KEY constraint failed" in text:
        return DBReferenceError(reason=reason)
    return DBError(reason=reason)


def _columns(names: str) -> list[Any]:
    return [name.rpartition(".")[2] for name in names.split(", ")]
