"""What oslo.config does for us: it converts values, checks them, and fills in `$other_option`.

It takes 70 ms to import, so that is put off until a configuration is made.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from simnova.config.registry import Found, everything
from simnova.config.releases import RELEASES
from simnova.exceptions import UsageError

if TYPE_CHECKING:
    from oslo_config import cfg


@functools.cache
def _all() -> list[tuple[str | None, cfg.Opt]]:
    return [(_group(found), found.option.opt()) for found in everything()]


def _group(found: Found) -> str | None:
    return None if found.section == "DEFAULT" else found.section


def options(release: str) -> cfg.ConfigOpts:
    """A private set of all options (never oslo.config's global one), with the defaults of that
    release.
    """
    from oslo_config import cfg

    opts = cfg.ConfigOpts()
    for group, opt in _all():
        opts.register_opt(opt, group)
    for section, defaults in RELEASES[release].defaults.items():
        for name, default in defaults.items():
            opts.set_default(name, default, None if section == "DEFAULT" else section)
    return opts


def override(opts: cfg.ConfigOpts, found: Found, value: Any, before: Any) -> Any:
    """Give an option a value and return it as it is kept; where Nova would not take it, `before`
    holds again.

    Raises `UsageError` with what the option takes.
    """
    from oslo_config import cfg

    name, group = found.option.name, _group(found)
    try:
        kept = _converted(found, value)
        opts.set_override(name, kept, group)
        _read(opts, found)
    except (ValueError, TypeError, OverflowError, cfg.Error) as error:
        opts.clear_override(name, group)
        if before is not None:
            opts.set_override(name, before, group)
        raise _refused(found, value) from error
    return kept


def _converted(found: Found, value: Any) -> Any:
    if value is None and found.option.default is None:
        return None
    if not found.option.fits(value):
        raise TypeError(type(value).__name__)
    opt = found.option.opt()
    if found.option.kind == "multi":
        return [value] if isinstance(value, str) else list(value)
    kept = opt.type(value)
    if not found.option.fits(kept):
        raise ValueError(kept)
    return kept


def _refused(found: Found, value: Any) -> UsageError:
    dollar = "; after a $ stands another option's name, $$ is a dollar" if "$" in str(value) else ""
    own = isinstance(value, (list, tuple)) and any(isinstance(one, type) for one in value)
    remedy = (
        "; classes of your own are given to the Cloud: Cloud(filters=[…], weighers=[…])"
        if own
        else ""
    )
    return UsageError(
        f"option {found} cannot be {value!r}: it is {found.option.allowed()}{dollar}{remedy}"
    )


def values(opts: cfg.ConfigOpts) -> list[Any]:
    """What the options hold now, in the order of `everything`."""
    return [_read(opts, found) for found in everything()]


@functools.cache
def defaults(release: str) -> list[Any]:
    """What they hold where nothing was set."""
    return values(options(release))


def _read(opts: cfg.ConfigOpts, found: Found) -> Any:
    section = opts if found.section == "DEFAULT" else opts[found.section]
    return section[found.option.name]
