"""Filters in general: each is asked about what the ones before it have left (`nova/filters.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from simnova.nova.loadables import PlugIn
from simnova.nova.log import getLogger
from simnova.nova.scheduler.decision import Decision, blame

LOG = getLogger(__name__)


class Rejected:
    """A filter's no with its reason. It is false, so it can stand wherever a filter may answer False."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"Rejected({self.reason!r})"

    def __str__(self) -> str:
        return self.reason


class BaseFilter(PlugIn):
    """Says of objects, one by one or all together, which of them pass."""

    run_filter_once_per_request = False
    """Whether the first server of a request decides for the others as well."""

    def _filter_one(self, obj: Any, spec_obj: Any) -> Any:
        """Whether this object passes: anything true, or anything false, `Rejected("why")` above all."""
        return True

    def filter_all(self, filter_obj_list: Iterable[Any], spec_obj: Any) -> Iterator[Any] | None:
        """Those that pass. A filter that has to see all of them overrides this; None ends the filtering."""
        return (obj for obj in filter_obj_list if self._filter_one(obj, spec_obj))

    def run_filter_for_index(self, index: int) -> bool:
        """Whether to ask this filter for the server of that number in a request, from 0."""
        return not (self.run_filter_once_per_request and index > 0)


class BaseFilterHandler:
    """Runs filters in order, notes every verdict, and stops where nothing is left."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision

    def get_filtered_objects(
        self, filters: Sequence[BaseFilter], objs: Iterable[Any], spec_obj: Any, index: int = 0
    ) -> list[Any]:
        """What passes all filters, in the order in which it came. What a filter raises, this raises."""
        left = list(objs)
        LOG.debug("Starting with %d host(s)", len(left))
        results = []
        for filter_ in filters:
            if not filter_.run_filter_for_index(index):
                continue
            name, asked = type(filter_).__name__, left
            verdicts = self._ask(filter_, asked, spec_obj)
            if verdicts is None:
                LOG.debug("Filter %s says to stop filtering", name)
                return []
            left = [obj for obj, verdict in zip(asked, verdicts, strict=True) if verdict is True]
            self.decision.filtered(name, spec_obj.instance_uuid, asked, verdicts)
            results.append(f"{name}: (start: {len(asked)}, end: {len(left)})")
            if not left:
                LOG.info("Filter %s returned 0 hosts", name)
                break
            LOG.debug("Filter %s returned %d host(s)", name, len(left))
        if not left:
            LOG.info(
                "Filtering removed all hosts for the request with instance ID '%s'. Filter results: %s",
                spec_obj.instance_uuid,
                results,
            )
        return left

    def _ask(self, filter_: BaseFilter, objs: list[Any], spec_obj: Any) -> list[bool | str] | None:
        """True, or the reason for the no, of each object in turn."""
        if type(filter_).filter_all is not BaseFilter.filter_all:
            return self._ask_for_all(filter_, objs, spec_obj)
        verdicts = []
        for obj in objs:
            try:
                answer = filter_._filter_one(obj, spec_obj)
                verdicts.append(True if answer else _reason(answer))
            except Exception as error:
                blame(filter_, error, obj.host, spec_obj.instance_uuid)
                raise
        return verdicts

    def _ask_for_all(
        self, filter_: BaseFilter, objs: list[Any], spec_obj: Any
    ) -> list[bool | str] | None:
        try:
            passing = filter_.filter_all(objs, spec_obj)
            passed = None if passing is None else set(passing)
        except Exception as error:
            blame(filter_, error, "any host", spec_obj.instance_uuid)
            raise
        return None if passed is None else [True if obj in passed else "False" for obj in objs]


def _reason(answer: Any) -> str:
    return answer.reason if isinstance(answer, Rejected) else repr(answer)
