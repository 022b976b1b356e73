"""Lists of what is in several cells (`nova/compute/multi_cell_list.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.cell_mapping import CellMapping
from simnova.nova.scatter_gather import CELL_TIMEOUT, DidNotRespond, scatter_gather_cells

LOG = getLogger("nova.compute.multi_cell_list")

T = TypeVar("T")


async def get_records(
    context: RequestContext,
    skip_down_cells: bool,
    cells: Iterable[CellMapping],
    fn: Callable[..., Awaitable[list[T]]],
    *args: Any,
    **kwargs: Any,
) -> tuple[list[T], list[str]]:
    """What `fn` gives in each cell, cell by cell, and the UUIDs of the cells that failed or did not answer.

    Raises NovaException for such a cell unless they are to be skipped (`[api] list_records_by_skipping_down_cells`).
    """
    found: list[T] = []
    down = []
    answers = await scatter_gather_cells(context, cells, CELL_TIMEOUT, fn, *args, **kwargs)
    for cell_uuid, answer in answers.items():
        if not isinstance(answer, Exception | DidNotRespond):
            found += answer
            continue
        if not skip_down_cells:
            raise exception.NovaException(
                f"Cell {cell_uuid} is not responding but configuration indicates that we should fail."
            )
        LOG.warning(
            "Cell %s is not responding and hence is being omitted from the results", cell_uuid
        )
        down.append(cell_uuid)
    return found, down
