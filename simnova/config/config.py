"""The configuration of a cloud: Nova's options under Nova's names, checked by oslo.config, read as
attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from simnova.config import oslo
from simnova.config.registry import SECTIONS, Found, everything, find, unknown_option, within
from simnova.config.releases import RELEASES, TODAY
from simnova.exceptions import UsageError, unknown

Watcher = Callable[[str, str, Any], None]


class Section:
    """The options of one section: reading is reading an attribute, writing one is `Config.set`."""

    def __init__(self, conf: Config, name: str) -> None:
        self.__dict__.update({"_conf": conf, "_name": name})

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            str(unknown_option(f"option of [{self._name}]", name, SECTIONS[self._name]))
        )

    def __setattr__(self, name: str, value: Any) -> None:
        self._conf.set(f"{self._name}.{name}", value)

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in SECTIONS[self._name]]
        return f"[{self._name}] {', '.join(shown)}"


class Config:
    """A `nova.conf`, made in a cell or read from a file.

    `Config(max_attempts=5)` names an option that only one section has,
    `Config(scheduler={"max_attempts": 5})` one of a section, and `Config(release="mitaka")` begins
    with the defaults of that release. Options are read as `conf.scheduler.max_attempts`, those of
    [DEFAULT] as `conf.report_interval`. Raises `UsageError` for names and values that Nova would
    not take.
    """

    def __init__(self, release: str = TODAY, **values: Any) -> None:
        if release not in RELEASES:
            raise unknown("release", release, RELEASES)
        self.__dict__.update(release=release, watchers=[], _set={}, _opts=None)
        for section in SECTIONS:
            if section != "DEFAULT":
                self.__dict__[section] = Section(self, section)
        chosen = [pair for name, value in values.items() for pair in _pairs(name, value)]
        for found, value in chosen:
            self._override(found, value)
        self._snapshot()

    watchers: list[Watcher]
    """Called as (section, name, value) when an option is set on a configuration that is in use."""
    release: str
    """The release whose defaults these are."""

    @classmethod
    def from_file(cls, path: str | Path, release: str = TODAY) -> Self:
        """The options of a `nova.conf`; those that SimNova does not know are in `ignored`.

        Of those that look like a slip it warns.
        """
        from simnova.config.file import read

        known, ignored = read(path)
        conf = cls(release, **known)
        conf.__dict__["ignored"] = ignored
        return conf

    ignored: tuple[str, ...] = ()
    """What a file held that SimNova does not play, as `section.name`."""

    @property
    def uses_placement(self) -> bool:
        """Whether this release's scheduler asks Placement; in the classic ones filters and claims
        decide alone.
        """
        return RELEASES[self.release].placement

    def __getattr__(self, name: str) -> Any:
        known = [*SECTIONS["DEFAULT"], *SECTIONS]
        raise AttributeError(str(unknown_option("option of [DEFAULT] or section", name, known)))

    def __setattr__(self, name: str, value: Any) -> None:
        self.set(f"DEFAULT.{name}", value)

    def __repr__(self) -> str:
        release = "" if self.release == TODAY else f"release={self.release!r}"
        chosen = [f"{section}={values!r}" for section, values in self._set.items() if values]
        return f"Config({', '.join(filter(None, [release, *chosen]))})"

    def set(self, name: str, value: Any) -> None:
        """Change an option from now on: `conf.set("filter_scheduler.host_subset_size", 3)`.

        Raises `UsageError` for a name or a value that Nova would not take; nothing is changed then.
        """
        found = find(name)
        self._override(found, value)
        self._snapshot()
        for watcher in self.watchers:
            watcher(found.section, found.option.name, self._set[found.section][found.option.name])

    def help(self, name: str) -> str:
        """What an option is for, what it may hold, and what it holds."""
        found = find(name)
        now = getattr(self._section(found.section), found.option.name)
        return f"{found} = {now!r}\n{found.option.help}\nIt is {found.option.allowed()}."

    def as_dict(self) -> dict[str, Any]:
        """The release and what was set, as JSON; `Config(**conf.as_dict())` is the same
        configuration again.
        """
        chosen = {section: dict(values) for section, values in self._set.items() if values}
        return {"release": self.release, **chosen}

    def _section(self, name: str) -> Any:
        return self if name == "DEFAULT" else self.__dict__[name]

    def _override(self, found: Found, value: Any) -> None:
        if self._opts is None:
            self.__dict__["_opts"] = oslo.options(self.release)
        chosen = self._set.setdefault(found.section, {})
        name = found.option.name
        chosen[name] = oslo.override(self._opts, found, value, chosen.get(name))

    def _snapshot(self) -> None:
        values = oslo.values(self._opts) if self._opts else oslo.defaults(self.release)
        for found, value in zip(everything(), values, strict=True):
            kept = list(value) if isinstance(value, list) else value
            self._section(found.section).__dict__[found.option.name] = kept


def _pairs(name: str, value: Any) -> list[tuple[Found, Any]]:
    """The options that a keyword sets: those of a section, or one."""
    if name in SECTIONS and isinstance(value, Mapping):
        return [(within(name, option), given) for option, given in value.items()]
    if name in SECTIONS and name not in SECTIONS["DEFAULT"]:
        raise UsageError(f"'{name}' is a section, not {value!r}: write {name}={{'option': value}}")
    return [(find(name), value)]
