"""Filters in general: each is asked about what the ones before it have left (`nova/filters.py`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from simnova.nova.loadables import PlugIn
from simnova.nova.log import getLogger
from simnova.nova.scheduler import own
from simnova.nova.scheduler.columns import for_all
from simnova.nova.scheduler.decision import Decision, blame
from simnova.nova.scheduler.lines import is_own

if TYPE_CHECKING:
    import numpy as np

    from simnova.nova.scheduler.columns import HostColumns
    from simnova.nova.scheduler.standings import Standings

    Slots = np.ndarray[Any, Any]

LOG = getLogger(__name__)


class _No(type):
    """The class of what is false itself: `return Rejected` is a no, as `return Rejected("why")` is."""

    def __bool__(cls) -> bool:
        return False


class Rejected(metaclass=_No):
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

    def pass_for_certain(self, hosts: HostColumns, spec_obj: Any) -> Slots:
        """Of all objects at once, which pass for certain, with nothing to log; the others are asked one by one.

        A filter whose class has no `hosts_pass` is not asked so.
        """
        return hosts.all_or_each(False)

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

    def filter(
        self, filters: Sequence[BaseFilter], standings: Standings, spec_obj: Any, index: int
    ) -> None:
        """Keep what passes all filters, in the order in which it stands."""
        begin, gone = standings.moment(), dict[int, str]()
        left = standings.ranking.order
        LOG.debug("Starting with %d host(s)", len(left))
        results = []
        for filter_ in filters:
            if not filter_.run_filter_for_index(index):
                continue
            name, asked = type(filter_).__name__, len(left)
            rejected = self._ask(filter_, standings, left, spec_obj)
            if rejected is None:
                LOG.debug("Filter %s says to stop filtering", name)
                standings.keep(left[:0])
                return
            self.decision.filtered(name, spec_obj.instance_uuid, asked, begin, gone, rejected)
            if rejected:
                gone = gone | rejected
                left = _without(left, rejected)
            results.append(f"{name}: (start: {asked}, end: {len(left)})")
            if not len(left):
                LOG.info("Filter %s returned 0 hosts", name)
                break
            LOG.debug("Filter %s returned %d host(s)", name, len(left))
        if not len(left):
            LOG.info(
                "Filtering removed all hosts for the request with instance ID '%s'. Filter results: %s",
                spec_obj.instance_uuid,
                results,
            )
        standings.keep(left)

    def _ask(
        self, filter_: BaseFilter, standings: Standings, left: Slots, spec_obj: Any
    ) -> dict[int, str] | None:
        """The reason for the no of each slot that it rejects; None where it ends the filtering."""
        if is_own(type(filter_)) and not for_all(filter_, "hosts_pass"):
            return self._ask_own(filter_, standings, left, spec_obj)
        if type(filter_).filter_all is not BaseFilter.filter_all:
            return self._ask_for_all(filter_, standings, left, spec_obj)
        sure = self._sure(filter_, standings, spec_obj)
        doubtful = left if sure is None else left[~sure[left]]
        rejected = {}
        for slot, obj in zip(doubtful.tolist(), standings.of(doubtful), strict=True):
            try:
                answer = filter_._filter_one(obj, spec_obj)
                if not answer:
                    rejected[slot] = _reason(answer)
            except Exception as error:
                blame(filter_, error, obj.host, spec_obj.instance_uuid)
                raise
        return rejected

    def _ask_own(
        self, filter_: BaseFilter, standings: Standings, left: Slots, spec_obj: Any
    ) -> dict[int, str]:
        """A filter from a cell may do anything: it is watched, and its answers are looked at."""
        standings.distrust()
        try:
            verdicts = own.verdicts(filter_, standings.of(left), spec_obj, _reason)
        except Exception as error:
            blame(filter_, error, "any host", spec_obj.instance_uuid)
            raise
        said = zip(left.tolist(), verdicts, strict=True)
        return {slot: str(verdict) for slot, verdict in said if verdict is not True}

    def _sure(self, filter_: BaseFilter, standings: Standings, spec_obj: Any) -> Slots | None:
        """Who passes for certain; None where the filter has to be asked object by object.

        What is raised about all at once is raised again about one, which can then be named.
        """
        if not for_all(filter_, "hosts_pass"):
            standings.distrust()
            return None
        try:
            return filter_.pass_for_certain(standings.columns, spec_obj)
        except Exception:
            return standings.columns.all_or_each(False)

    def _ask_for_all(
        self, filter_: BaseFilter, standings: Standings, left: Slots, spec_obj: Any
    ) -> dict[int, str] | None:
        objs = standings.of(left)
        standings.distrust()
        try:
            passing = filter_.filter_all(objs, spec_obj)
            passed = None if passing is None else set(passing)
        except Exception as error:
            blame(filter_, error, "any host", spec_obj.instance_uuid)
            raise
        if passed is None:
            return None
        asked = zip(left.tolist(), objs, strict=True)
        return {slot: "False" for slot, obj in asked if obj not in passed}


def _without(left: Slots, rejected: Collection[int]) -> Slots:
    import numpy as np

    return left[~np.isin(left, list(rejected))]


def _reason(answer: Any) -> str:
    if answer is Rejected:
        return 'Rejected, the class, without a reason: return Rejected("why")'
    return answer.reason if isinstance(answer, Rejected) else repr(answer)
