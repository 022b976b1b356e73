"""Where databases are kept: nowhere (in memory), or each in a file of its own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from simnova.exceptions import UsageError

MARK = 0x534E4F56
"""SQLite's application_id of the files we make: only those are replaced by the next cloud."""


class Files:
    """The files of one cloud's databases.

    `sqlite://` keeps them in memory. `sqlite:///cloud` makes the folder `cloud` with
    `nova_api.sqlite` and the others in it; `sqlite:///cloud.db` puts them side by side as
    `cloud.nova_api.db`. A new cloud begins with empty databases: files of an earlier one are
    replaced, any other file is refused with a `UsageError`.
    """

    def __init__(self, url: str) -> None:
        self._path = _path(url)

    @property
    def in_memory(self) -> bool:
        """Whether there are no files at all."""
        return self._path is None

    def make(self, name: str) -> str:
        """What to attach for the database of that name: a fresh file, or memory."""
        if self._path is None:
            return ":memory:"
        path = _file(self._path, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove(path)
        except OSError as error:
            raise UsageError(f"no database can be made at '{path}': {error.strerror}") from error
        return str(path)

    def mark(self, cursor: sqlite3.Cursor, name: str) -> None:
        """Make a new file known as ours; nobody but us reads it while the cloud runs, so it need
        not be safe.
        """
        if self._path is not None:
            cursor.execute(f'PRAGMA "{name}".application_id = {MARK}')
            cursor.execute(f'PRAGMA "{name}".synchronous = OFF')
            cursor.execute(f'PRAGMA "{name}".journal_mode = MEMORY')


def _path(url: str) -> Path | None:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(
            f"'{url}' is no database URL: use 'sqlite://' or 'sqlite:///FOLDER'"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        remedy = "a cloud runs on 'sqlite://' (memory) or 'sqlite:///FOLDER'"
        raise UsageError(f"a cloud cannot run on '{parsed.get_backend_name()}': {remedy}")
    in_memory = parsed.database in (None, "", ":memory:")
    return None if in_memory else Path(str(parsed.database))


def _file(path: Path, name: str) -> Path:
    if path.suffix and not path.is_dir():
        return path.with_name(f"{path.stem}.{name}{path.suffix}")
    return path / f"{name}.sqlite"


def _remove(path: Path) -> None:
    if not path.exists():
        return
    if path.read_bytes()[68:72] != MARK.to_bytes(4, "big"):
        raise UsageError(
            f"'{path}' is not a database of SimNova's: remove it, or choose another place"
        )
    path.unlink()
