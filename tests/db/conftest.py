"""A cloud's databases without the cloud: a clock, nova_api, two cells, and a service to work in."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from simnova.db import Databases
from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.kernel.clock import Clock, Task

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def databases(clock):
    made = Databases(clock)
    for name, metadata in {"nova_api": API, "nova_cell0": CELL, "nova_cell1": CELL}.items():
        made.open(name, metadata)
    yield made
    made.close()


@pytest.fixture
def cell(databases):
    return databases["nova_cell1"]


@pytest.fixture
def run(clock) -> Run:
    """Run a coroutine as nova-conductor until nothing is left to do; returns what it returned."""
    service = clock.start("nova-conductor")

    def run(coro: Coroutine[Any, Any, Any]) -> Any:
        task: Task = clock.spawn(coro, service=service)
        while clock.step():
            pass
        return task.outcome

    return run


@pytest.fixture
def changes(clock):
    """The row changes in the journal, as (kind, table, key, before, after)."""

    def changes() -> list[tuple[Any, ...]]:
        found = [
            event
            for event in clock.journal
            if event.kind in ("db.insert", "db.update", "db.delete")
        ]
        names = ("table", "key", "before", "after")
        return [(event.kind, *(event.data.get(name) for name in names)) for event in found]

    return changes
