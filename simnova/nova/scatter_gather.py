"""Every cell is asked at once, and none is waited for too long (in `nova/context.py`, which knows no cells here)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from simnova.db.exception import DBError
from simnova.exceptions import NovaError
from simnova.kernel.clock import Expired
from simnova.nova.context import RequestContext, target_cell
from simnova.nova.log import getLogger
from simnova.nova.objects.cell_mapping import CellMapping

LOG = getLogger("nova.context")

CELL_TIMEOUT = 60.0
"""Seconds that the cells have to answer."""

T = TypeVar("T")
P = ParamSpec("P")


class DidNotRespond:
    """What stands for the answer of a cell that gave none in time."""


did_not_respond_sentinel = DidNotRespond()

Answer: TypeAlias = T | Exception | DidNotRespond
"""What a cell said, what went wrong there, or that it said nothing."""
Ask: TypeAlias = Callable[Concatenate[RequestContext, P], Awaitable[T]]


async def scatter_gather_cells(
    context: RequestContext,
    cells: Iterable[CellMapping],
    timeout: float,
    fn: Ask[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> dict[str, Answer[T]]:
    """Call `fn` with the context of each cell; the answers by the cells' UUIDs, after `timeout` seconds at most.

    A cell whose database answers does so at this instant; only those that hang are worth a task of their own.
    """
    clock = context.here.clock
    results: dict[str, Answer[T]] = {}
    waiting: set[str] = set()
    done = clock.signal()

    async def late(uuid: str, there: RequestContext) -> None:
        results[uuid] = await _answer(there, fn, *args, **kwargs)
        waiting.discard(uuid)
        if not waiting and not done.triggered:
            done.succeed()

    for cell in cells:
        there = target_cell(context, cell)
        results[cell.uuid] = did_not_respond_sentinel
        if not _hangs(there):
            results[cell.uuid] = await _answer(there, fn, *args, **kwargs)
        else:
            waiting.add(cell.uuid)
            clock.spawn(late(cell.uuid, there), background=True)
    if waiting:
        with suppress(Expired):
            await clock.wait(done, timeout)
        for uuid in sorted(waiting):
            LOG.warning(
                "Timed out waiting for response from cell %s. Left the cell worker thread to finish "
                "in the background.",
                uuid,
            )
    return dict(results)


def _hangs(there: RequestContext) -> bool:
    """Whether the cell's database answers nobody now."""
    outage = there.cell_db.outage
    return outage is not None and outage.hangs


async def _answer(
    there: RequestContext, fn: Ask[P, T], *args: P.args, **kwargs: P.kwargs
) -> Answer[T]:
    try:
        return await fn(there, *args, **kwargs)
    except Exception as error:
        if isinstance(error, DBError) or not isinstance(error, NovaError):
            LOG.exception("Error gathering result from cell %s: %s", there.cell_uuid, error)
        return error


async def scatter_gather_all_cells(
    context: RequestContext, fn: Ask[P, T], *args: P.args, **kwargs: P.kwargs
) -> dict[str, Answer[T]]:
    """Ask every cell, cell0 too, also those that take no new servers."""
    cells = await CellMapping.get_all(context)
    return await scatter_gather_cells(context, cells, CELL_TIMEOUT, fn, *args, **kwargs)


async def scatter_gather_skip_cell0(
    context: RequestContext, fn: Ask[P, T], *args: P.args, **kwargs: P.kwargs
) -> dict[str, Answer[T]]:
    """Ask every cell that has hosts."""
    cells = [cell for cell in await CellMapping.get_all(context) if not cell.is_cell0()]
    return await scatter_gather_cells(context, cells, CELL_TIMEOUT, fn, *args, **kwargs)


async def scatter_gather_single_cell(
    context: RequestContext, cell: CellMapping, fn: Ask[P, T], *args: P.args, **kwargs: P.kwargs
) -> Answer[T]:
    """Ask one cell."""
    found = await scatter_gather_cells(context, [cell], CELL_TIMEOUT, fn, *args, **kwargs)
    return found[cell.uuid]
