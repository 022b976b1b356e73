"""Data of an event that is worked out only if somebody reads it: long texts, tables of a thousand hosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, NoReturn

__door__ = True


class Late(dict[str, Any]):
    """A dict in which some values are `work(*args, name)`, asked for each time they are read and never kept.

    What `work` answers must not depend on when it is asked: an event says the same for ever.
    """

    __slots__ = ("_args", "_names", "_work")

    def __init__(
        self,
        known: Mapping[str, Any],
        names: tuple[str, ...],
        work: Callable[..., Any],
        args: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(known)
        self._names = names
        self._work = work
        self._args = args

    def without(self, names: Collection[str]) -> dict[str, Any]:
        """The same but for those values; nothing is worked out."""
        known = {name: dict.__getitem__(self, name) for name in self._told() if name not in names}
        late = tuple(name for name in self._names if name not in names)
        return Late(known, late, self._work, self._args) if late else known

    def plain(self) -> dict[str, Any]:
        """Everything, worked out."""
        return {name: self[name] for name in self}

    def _told(self) -> Iterator[str]:
        return super().__iter__()

    def __missing__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._work(*self._args, name)

    def get(self, name: str, default: Any = None) -> Any:
        """As of any dict."""
        return self[name] if name in self._names else super().get(name, default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._names

    def __iter__(self) -> Iterator[str]:
        yield from self._told()
        yield from self._names

    def __len__(self) -> int:
        return super().__len__() + len(self._names)

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """As of any dict."""
        return dict.fromkeys(self).keys()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """As of any dict."""
        return self.plain().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """As of any dict."""
        return self.plain().items()

    def copy(self) -> dict[str, Any]:
        """A plain dict."""
        return self.plain()

    def __eq__(self, other: object) -> bool:
        return self.plain() == (other.plain() if isinstance(other, Late) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __or__(self, other: Any) -> Any:
        return self.plain() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.plain()

    def __repr__(self) -> str:
        return repr(self.plain())

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.plain(),)

    def _fixed(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("an event's data is not changed")

    __setitem__ = __delitem__ = _fixed
    update = pop = popitem = setdefault = clear = __ior__ = _fixed
