"""Reading a nova.conf."""

from __future__ import annotations

import difflib
import warnings
from pathlib import Path
from typing import Any

from simnova.config.registry import SECTIONS, Found, within
from simnova.exceptions import UsageError

_ALIKE = 0.9
"""From how alike on, of 1, a name is taken for a slip."""


def read(path: str | Path) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """The options that a file sets, by section, and the names of those that SimNova does not play.

    Raises `UsageError` where the file cannot be read or is no configuration file.
    """
    values: dict[str, dict[str, Any]] = {}
    ignored: list[str] = []
    for section, options in _parsed(path).items():
        for name, given in options.items():
            found = _known(section, name)
            if found is None:
                ignored.append(f"{section}.{name}")
                _warn(path, section, name)
            else:
                many = found.option.kind == "multi"
                values.setdefault(found.section, {})[found.option.name] = (
                    given if many else given[-1]
                )
    return values, tuple(ignored)


def _warn(path: str | Path, section: str, name: str) -> None:
    """Warn of a name that looks like a slip; Nova has many that SimNova does not play."""
    near = _near(section, name)
    if near:
        warnings.warn(f"{path}: [{section}] {name} is ignored: did you mean {near}?", stacklevel=4)


def _near(section: str, name: str) -> str:
    """What may have been meant: a name that is almost this one, or this one in another section."""
    known = SECTIONS.get(section) or SECTIONS.get(section.lower())
    if known is None:
        sections = difflib.get_close_matches(section, SECTIONS, n=1, cutoff=_ALIKE)
        return f"[{sections[0]}]" if sections else ""
    close = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    if close:
        return f"'{close[0]}'"
    others = [other for other, options in SECTIONS.items() if name in options]
    return f"[{others[0]}]" if section == "DEFAULT" and others else ""


def _parsed(path: str | Path) -> dict[str, dict[str, list[str]]]:
    from oslo_config import cfg, iniparser

    sections: dict[str, dict[str, list[str]]] = {}
    try:
        cfg.ConfigParser(str(path), sections).parse()
    except OSError as error:
        raise UsageError(f"configuration file '{path}' cannot be read: {error.strerror}") from error
    except (iniparser.ParseError, UnicodeDecodeError) as error:
        raise UsageError(f"configuration file '{path}' is wrong: {error}") from error
    return sections


def _known(section: str, name: str) -> Found | None:
    try:
        return within(section if section in SECTIONS else section.lower(), name)
    except UsageError:
        return None
