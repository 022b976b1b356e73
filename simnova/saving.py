"""A file is written whole or not at all: whoever stops halfway leaves what was there before."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Final

from simnova.exceptions import UsageError, quoted

LONGEST: Final = 250
"""Bytes of a file's name: file systems take 255, of which `.part` needs some."""


def save(file: str | os.PathLike[str], parts: Iterable[bytes]) -> Path:
    """Write the parts, one after the other; packed by gzip where the name ends in `.gz`. Returns the file's path.

    Raises `UsageError` where that cannot be written.
    """
    path = as_path(file)
    if path.exists() and not path.is_file():
        return _written(path, path, parts)  # a pipe or a terminal keeps its place
    target = Path(os.path.realpath(path))
    part = target.with_name(f"{target.name}.part")
    if part.is_dir():
        raise UsageError(
            f"cannot write {path}: {part.name} beside it is a folder; take that away, or give another name"
        )
    try:
        _written(part, path, parts)
        part.replace(target)
    finally:
        if part.exists():
            part.unlink()
    return path


def as_path(file: Any) -> Path:
    """A file's name as a path. Raises `UsageError` for what names none."""
    try:
        named = os.fspath(file)
    except TypeError:
        named = None
    if not isinstance(named, str) or not named or "\0" in named:
        raise UsageError(f'{quoted(file)} names no file: give a name, such as "boot.jsonl"')
    try:
        long = len(Path(named).name.encode()) > LONGEST
    except UnicodeEncodeError:
        raise UsageError(f"{quoted(file)} names no file: it has half a character in it") from None
    if long:
        raise UsageError(f"the name {quoted(named)} is too long: {LONGEST} bytes are the most")
    return Path(named)


def _written(place: Path, path: Path, parts: Iterable[bytes]) -> Path:
    """The parts in a place; errors speak of the path that was asked for."""
    try:
        with open(place, "wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                    _put(packed, parts)
            else:
                _put(raw, parts)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {_reason(path, error)}") from None
    return path


def _put(file: IO[bytes] | gzip.GzipFile, parts: Iterable[bytes]) -> None:
    for part in parts:
        file.write(part)


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no folder {path.parent}; make it, or give another name"
    if isinstance(error, IsADirectoryError):
        return "it is a folder; give the name of a file in it"
    return str(error.strerror or error)
