"""Reading a nova.conf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simnova.config.registry import SECTIONS, Found, within
from simnova.exceptions import UsageError


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
            else:
                many = found.option.kind == "multi"
                values.setdefault(found.section, {})[found.option.name] = (
                    given if many else given[-1]
                )
    return values, tuple(ignored)


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
