"""Filters and weighers from a cell: asked host by host, their answers looked at, what goes wrong told with its line.

Where Nova's own code gives an answer a meaning (None is a no, "yes" a yes) it has that meaning here, with a word of
warning. Where Nova would go on with nonsense (a weight that is no number) the request fails and says why.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from simnova.exceptions import NovaError
from simnova.kernel.patience import Stopped, Told
from simnova.nova.log import getLogger
from simnova.nova.scheduler.lines import is_own, line_of, own_line

if TYPE_CHECKING:
    from simnova.nova.loadables import PlugIn

LOG = getLogger("nova.scheduler.own")

T = TypeVar("T")
Verdicts = list[bool | str]


class PlugInFailed(NovaError):
    """A plug-in cannot even be made; the service that needs it does not start, as Nova's would not."""

    msg_fmt = "%(name)s.__init__ raised %(error)s%(line)s"


def begin(plug_in: PlugIn) -> None:
    """Run a plug-in's `__init__`; raises `PlugInFailed` for what it raises, with its line."""
    try:
        watched(plug_in, plug_in.__init__, lambda: "its __init__")  # type: ignore[misc]
    except Exception as error:
        said, line = f"{type(error).__name__}: {error}", own_line(plug_in, error)
        raise PlugInFailed(name=type(plug_in).__name__, error=said, line=line) from error


class Question:
    """One question to a plug-in for one server. `about` is the host it is busy with, for the report."""

    def __init__(self, plug_in: PlugIn, about: str) -> None:
        self.plug_in = plug_in
        self.name = type(plug_in).__name__
        self.about = about

    def ask(self, work: Callable[[], T]) -> T:
        """What `work` answers; what it raises is raised with the host, as `about`, for who logs it."""
        try:
            return watched(self.plug_in, work, lambda: self.about)
        except Exception as error:
            error.about = error.kwargs["about"] if isinstance(error, Stopped) else self.about  # type: ignore[attr-defined]
            raise

    def warn(self, text: str, method: str) -> None:
        """Log what is odd about the plug-in's answer, once for a question."""
        LOG.warning("%s.%s %s%s", self.name, method, text, line_of(self.plug_in, method))


def watched(plug_in: PlugIn, work: Callable[[], T], about: Callable[[], str]) -> T:
    """Have a plug-in at work, so that an endless loop can be stopped; `sys.exit()` is an error like others."""

    def told(halt: BaseException) -> Told:
        return Told(type(plug_in).__name__, about(), own_line(plug_in, halt))

    try:
        return plug_in.clock.patience.ask(work, told)
    except SystemExit as error:
        raise RuntimeError(f"sys.exit({error.code!r}): it would end the scheduler") from error


def overrides(plug_in: PlugIn, method: str) -> bool:
    """Whether the method is the plug-in's own, not the base's."""
    found = next(kind for kind in type(plug_in).__mro__ if method in vars(kind))
    return is_own(found)


# --- filters ----------------------------------------------------------------------------------------------------


def verdicts(
    filter_: Any, hosts: Sequence[Any], spec: Any, reason: Callable[[Any], str]
) -> Verdicts:
    """True, or the reason for the no, of each host in turn."""
    question = Question(filter_, "any host")
    if overrides(filter_, "filter_all"):
        return question.ask(lambda: _of_all(question, filter_, hosts, spec))
    return question.ask(lambda: _of_each(question, filter_, hosts, spec, reason))


def _of_each(
    question: Question, filter_: Any, hosts: Sequence[Any], spec: Any, reason: Callable[[Any], str]
) -> Verdicts:
    said: Verdicts = []
    odd: Any = None
    for host in hosts:
        question.about = host.host
        answer = filter_._filter_one(host, spec)
        said.append(True if answer else _no(filter_, answer, reason))
        odd = odd or (answer if answer and not _is_bool(answer) else None)
        _close(answer)
    if odd is not None:
        question.warn(
            f"answered {_shown(odd)}, which Nova takes as True: answer True or False", "host_passes"
        )
    return said


def _no(filter_: Any, answer: Any, reason: Callable[[Any], str]) -> str:
    if answer is None:
        line = line_of(filter_, "host_passes")
        return f"None, which Nova takes as no: host_passes came to its end without a return{line}"
    return reason(answer)


def _of_all(question: Question, filter_: Any, hosts: Sequence[Any], spec: Any) -> Verdicts:
    answer = filter_.filter_all(list(hosts), spec)
    line = line_of(filter_, "filter_all")
    if answer is None:
        LOG.debug("Filter %s says to stop filtering", question.name)
        return [f"None: Nova stops here, without a host. Is a return missing{line}?"] * len(hosts)
    if not isinstance(answer, Iterable):
        _close(answer)
        raise TypeError(f"filter_all answered {_shown(answer)}, not the hosts that pass{line}")
    passed = list(answer)
    known = {id(host) for host in hosts}
    for one in passed:
        if id(one) not in known:
            raise TypeError(
                f"filter_all answered {_shown(one)}, none of the hosts it was given{line}"
            )
    passing = {id(one) for one in passed}
    return [True if id(host) in passing else "False" for host in hosts]


# --- weighers ---------------------------------------------------------------------------------------------------


def weights(weigher: Any, weighed: Sequence[Any], spec: Any) -> tuple[list[float], list[float]]:
    """The raw weight and the multiplier of each host in turn."""
    question = Question(weigher, "the hosts")

    def work() -> tuple[list[float], list[float]]:
        raw = _raw(question, weigher, weighed, spec)
        return raw, [_multiplier(question, weigher, each.obj) for each in weighed]

    return question.ask(work)


def _raw(question: Question, weigher: Any, weighed: Sequence[Any], spec: Any) -> list[float]:
    if overrides(weigher, "weigh_objects"):
        return _raw_of_all(weigher, weighed, spec)
    found = []
    for each in weighed:
        question.about = each.obj.host
        answer = weigher._weigh_object(each.obj, spec)
        found.append(weigher._clamp(_number(weigher, answer, "_weigh_object")))
    return found


def _raw_of_all(weigher: Any, weighed: Sequence[Any], spec: Any) -> list[float]:
    answer = weigher.weigh_objects(weighed, spec)
    line = line_of(weigher, "weigh_objects")
    if not isinstance(answer, Iterable) or isinstance(answer, (str, bytes)):
        _close(answer)
        raise TypeError(f"weigh_objects answered {_shown(answer)}, not a list of weights{line}")
    found = [_number(weigher, one, "weigh_objects") for one in answer]
    if len(found) != len(weighed):
        raise ValueError(
            f"weigh_objects answered {len(found)} weights for {len(weighed)} hosts{line}"
        )
    return found


def _multiplier(question: Question, weigher: Any, host: Any) -> float:
    question.about = host.host
    return _number(weigher, weigher.weight_multiplier(host), "weight_multiplier")


def _number(weigher: Any, answer: Any, method: str) -> float:
    """The answer where it is a number; raises TypeError, or ValueError for one that cannot be compared with others."""
    line = line_of(weigher, method)
    if isinstance(answer, (str, bytes)):
        raise ValueError(f"{method} answered {_shown(answer)}, which is text, not a number{line}")
    try:
        number = float(answer)
    except (TypeError, ValueError):
        _close(answer)
        raise TypeError(f"{method} answered {_shown(answer)}, which is no number{line}") from None
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(
            f"{method} answered {_shown(answer)}: no host can be put in order by it{line}"
        )
    return answer if type(answer) in (int, float) else number


# --- telling ----------------------------------------------------------------------------------------------------


def _shown(answer: Any) -> str:
    """An answer in a message; where its text names a place in memory, only what it is."""
    text = repr(answer)
    if " at 0x" in text or len(text) > 80:
        return f"something of type {type(answer).__name__}"
    return f"{text} of type {type(answer).__name__}"


def _is_bool(answer: Any) -> bool:
    return type(answer).__name__ in {"bool", "bool_"}


def _close(answer: Any) -> None:
    """A coroutine that nobody awaits is closed, or Python would complain of it somewhere else."""
    if inspect.iscoroutine(answer):
        answer.close()
