"""What all collections of a cloud are made of: rows read at once, as a table and by name."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from simnova.exceptions import UsageError, unknown
from simnova.observe.table import Table

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

__door__ = True

T = TypeVar("T")
R = TypeVar("R")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that only reads databases, outside the engine: it never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    work.close()
    raise RuntimeError("this would have to wait")


class Item:
    """One of a collection, with its values as attributes: `cloud.flavors["m1.small"].vcpus`."""

    def __init__(self, what: str, values: dict[str, Any]) -> None:
        self.what = what
        self.values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.values:
            raise AttributeError(str(unknown(f"value of a {self.what}", name, self.values)))
        return self.values[name]

    def table(self) -> Table:
        """Its values, one a line."""
        return Table([self.what, ""], [[name, value] for name, value in self.values.items()])

    def __repr__(self) -> str:
        rest = ", ".join(f"{name} {value}" for name, value in self.values.items() if name != "name")
        return f"<{self.what} {self.values['name']}: {rest}>"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


class Collection(Generic[T]):
    """Things of one kind with names, read from a table."""

    what = "thing"

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def rows(self) -> list[dict[str, Any]]:
        """The rows of all of them, oldest first."""
        raise NotImplementedError

    def _item(self, row: dict[str, Any]) -> T:
        """The thing that a row is about."""
        raise NotImplementedError

    def _row(self, name: str | Item) -> dict[str, Any]:
        rows, wanted = self.rows(), name.values["id"] if isinstance(name, Item) else name
        for row in rows:
            if wanted in (row["name"], row["id"]):
                return row
        raise unknown(self.what, wanted, [row["name"] for row in rows])

    def id_of(self, name: str | Item) -> str:
        """The id of the thing with that name or id, or of the thing itself; raises `UsageError` with a near name."""
        return str(self._row(name)["id"])

    def __getitem__(self, name: str) -> T:
        return self._item(self._row(name))

    def __contains__(self, name: object) -> bool:
        return any(name in (row["name"], row["id"]) for row in self.rows())

    def table(self) -> Table:
        """All of them."""
        rows = self.rows()
        columns = list(rows[0]) if rows else ["name"]
        return Table(columns, [[row[column] for column in columns] for row in rows])

    def __iter__(self) -> Iterator[T]:
        return iter([self._item(row) for row in self.rows()])

    def __len__(self) -> int:
        return len(self.rows())

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def _check_open(self) -> None:
        if self.cloud.closed:
            raise UsageError(
                "this cloud is closed and its databases are gone: fork() goes on from where it stood"
            )

    def _select(
        self, database: str, table: str, order_by: str = "id", **where: Any
    ) -> list[dict[str, Any]]:
        self._check_open()
        found = self.cloud.assembly.databases[database].select(table, where, order_by=order_by)
        return self._read(found)

    def _read(self, work: Coroutine[Any, Any, R]) -> R:
        """What it reads, now; where another thread runs the cloud, between two of its events."""
        return self.cloud.aside(lambda: at_once(work))


class Items(Collection[Item]):
    """Things that are no more than their values."""

    def _item(self, row: dict[str, Any]) -> Item:
        return Item(self.what, row)
