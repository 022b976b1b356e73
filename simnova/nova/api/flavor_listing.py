"""Which flavors a list shows, and in which order (`_get_flavors` of `nova/api/openstack/compute/flavors.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simnova.config import Config
from simnova.messaging.rest import Fault, Request
from simnova.nova.api.paging import limit_of
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor

Test = Callable[[Flavor], bool]

SORT_KEYS = (
    *("created_at", "description", "disabled", "ephemeral_gb", "flavorid", "id", "is_public"),
    *("memory_mb", "name", "root_gb", "rxtx_factor", "swap", "updated_at", "vcpu_weight", "vcpus"),
)
"""Made later is a greater id; of a weight, or of a change, no flavor here knows."""

_TRUE, _FALSE = {"1", "t", "true", "on", "y", "yes"}, {"0", "f", "false", "off", "n", "no"}


def bool_of(text: str) -> bool:
    """A truth in any of the words that OpenStack takes for one; raises ValueError for another (`strutils`)."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(text)
    return word in _TRUE


def page_of(
    context: RequestContext, request: Request, found: Sequence[Flavor], conf: Config
) -> list[Flavor]:
    """Those that the query asks for; raises `Fault` 400 for a query that makes no sense."""
    tests = [_public(context, request), _at_least(request, "minRam", "memory_mb")]
    tests += [_at_least(request, "minDisk", "root_gb")]
    limit, rest = limit_of(conf, request), _after(request, _sorted(request, found))
    shown = [flavor for flavor in rest if all(test(flavor) for test in tests)]
    return shown[: limit or int(conf.api.max_limit)]


def _public(context: RequestContext, request: Request) -> Test:
    """Public ones; an administrator may ask for the others, or with `none` for all."""
    text = request.param("is_public")
    if not context.is_admin or text is None:
        return lambda flavor: flavor.is_public
    if text.lower() == "none":
        return lambda flavor: True
    try:
        wanted = bool_of(text)
    except ValueError:
        raise Fault(400, f"Invalid is_public filter [{text}]") from None
    return lambda flavor: flavor.is_public == wanted


def _at_least(request: Request, name: str, field: str) -> Test:
    text = request.param(name)
    if text is None:
        return lambda flavor: True
    try:
        least = int(text)
    except ValueError:
        raise Fault(400, f"Invalid {name} filter [{text}]") from None
    return lambda flavor: int(getattr(flavor, field)) >= least


def _sorted(request: Request, found: Sequence[Flavor]) -> list[Flavor]:
    key = _one_of(request, "sort_key", SORT_KEYS) or "flavorid"
    way = _one_of(request, "sort_dir", ("asc", "desc"))

    def order(flavor: Flavor) -> tuple[object, ...]:
        value = getattr(flavor, key, None)
        return value is not None, value if value is not None else 0, flavor.id

    return sorted(found, key=order, reverse=way == "desc")


def _one_of(request: Request, name: str, known: Sequence[str]) -> str | None:
    text = request.param(name)
    if text and text not in known:
        detail = f"Invalid input for query parameters {name}. Value: {text}. "
        raise Fault(400, f"{detail}'{text}' is not one of {list(known)}")
    return text


def _after(request: Request, found: list[Flavor]) -> list[Flavor]:
    """What comes after the one that `marker` names."""
    marker = request.param("marker")
    if not marker:
        return found
    ids = [flavor.flavorid for flavor in found]
    if marker not in ids:
        raise Fault(400, f"marker [{marker}] not found")
    return found[ids.index(marker) + 1 :]
