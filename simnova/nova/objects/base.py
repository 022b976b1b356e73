"""What every object of Nova has: a version, what has changed, its form on the wire (`nova/objects/base.py`).

Objects are plain dataclasses. A method marked `@remotable` runs where the database is: in place, or, in
nova-compute, at the conductor through `object_action`. That one decorator is why compute hosts need no database.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar, cast

from simnova.nova.context import RequestContext

P = ParamSpec("P")
R = TypeVar("R")
Obj = TypeVar("Obj", bound="NovaObject")

NAMESPACE = "nova"
REGISTRY: dict[str, type[NovaObject]] = {}


@dataclass
class NovaObject:
    """A versioned record that can cross a message and knows which of its fields were changed since it was loaded."""

    VERSION: ClassVar[str] = "1.0"

    context: RequestContext | None = field(default=None, repr=False, compare=False, kw_only=True)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        REGISTRY[cls.__name__] = cls

    def __post_init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    @property
    def ctxt(self) -> RequestContext:
        """The context this object came with; raises where it is an orphan (`OrphanedObjectError` in Nova)."""
        if self.context is None:
            raise RuntimeError(f"Cannot use a {type(self).__name__} without a context")
        return self.context

    @classmethod
    def field_names(cls) -> list[str]:
        """The names of the fields that cross a message."""
        return _names(cls)

    def values(self) -> dict[str, Any]:
        """All fields and their values."""
        held = self.__dict__
        return {name: held[name] for name in _names(type(self))}

    def obj_what_changed(self) -> dict[str, Any]:
        """The fields that differ from what was last loaded or saved, with their present values."""
        held, loaded = self.__dict__, self._loaded
        return {n: held[n] for n in _names(type(self)) if n not in loaded or loaded[n] != held[n]}

    def obj_reset_changes(self) -> Self:
        """What is here now is what the database has. Returns itself."""
        held = self.__dict__
        self._loaded = {
            n: v if type(v := held[n]) in _PLAIN else _frozen(v) for n in _names(type(self))
        }
        return self

    def obj_to_primitive(self) -> dict[str, Any]:
        """The object as JSON, in the form that oslo.versionedobjects gives it on the wire."""
        return {
            "nova_object.name": type(self).__name__,
            "nova_object.namespace": NAMESPACE,
            "nova_object.version": self.VERSION,
            "nova_object.data": to_primitive(self.values()),
            "nova_object.changes": sorted(self.obj_what_changed()) if self._loaded else [],
        }


_FIELDS: dict[type[NovaObject], list[str]] = {}


def _names(cls: type[NovaObject]) -> list[str]:
    if cls not in _FIELDS:
        _FIELDS[cls] = [f.name for f in fields(cls) if f.name != "context"]
    return _FIELDS[cls]


def _frozen(value: Any) -> Any:
    """A value that later changes in place do not reach, so that they show as changes."""
    if isinstance(value, dict):
        return {k: v if type(v) in _PLAIN else _frozen(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_frozen(v) for v in value]
    return value


_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types whose values are JSON as they are: nearly all, so they are passed by quickly."""


def to_primitive(value: Any) -> Any:
    """Any mix of objects, lists and dicts as JSON."""
    if isinstance(value, dict):
        return {k: v if type(v) in _PLAIN else to_primitive(v) for k, v in value.items()}
    if isinstance(value, NovaObject):
        return value.obj_to_primitive()
    if isinstance(value, (list, tuple)):
        return [to_primitive(item) for item in value]
    return value


def from_primitive(value: Any, context: RequestContext | None = None) -> Any:
    """The inverse of `to_primitive`; objects are bound to `context`."""
    if isinstance(value, list):
        return [from_primitive(item, context) for item in value]
    if not isinstance(value, dict):
        return value
    if "nova_object.name" not in value:
        return _members(value, context)
    data = _members(value["nova_object.data"], context)
    obj = REGISTRY[value["nova_object.name"]](**data, context=context)
    obj.obj_reset_changes()
    for name in value.get("nova_object.changes", ()):
        obj._loaded.pop(name, None)
    return obj


def _members(value: dict[str, Any], context: RequestContext | None) -> dict[str, Any]:
    return {k: v if type(v) in _PLAIN else from_primitive(v, context) for k, v in value.items()}


def remotable(
    method: Callable[Concatenate[Obj, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Obj, P], Coroutine[Any, Any, R]]:
    """Run a method of an object where the database is, and take over what it changed there."""

    async def run(self: Obj, /, *args: P.args, **kwargs: P.kwargs) -> R:
        conductor = self.ctxt.indirection_api
        if conductor is None:
            return await method(self, *args, **kwargs)
        updates, result = await conductor.object_action(
            self.ctxt, self, method.__name__, list(args), kwargs
        )
        for name, value in updates.items():
            setattr(self, name, value)
        self.obj_reset_changes()
        return cast(R, result)

    return functools.wraps(method)(run)


def remotable_class(
    method: Callable[Concatenate[type[Obj], RequestContext, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[type[Obj], RequestContext, P], Coroutine[Any, Any, R]]:
    """Under `@classmethod`: load objects where the database is."""

    async def run(
        cls: type[Obj], context: RequestContext, /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        conductor = context.indirection_api
        if conductor is None:
            return await method(cls, context, *args, **kwargs)
        versions = {cls.__name__: cls.VERSION}
        result = await conductor.object_class_action_versions(
            context, cls.__name__, method.__name__, versions, list(args), kwargs
        )
        return cast(R, result)

    return functools.wraps(method)(run)


class NovaObjectSerializer:
    """Turns objects and contexts into JSON and back for RPC, bound to the place where they arrive (`nova/rpc.py`)."""

    def __init__(self, place: Any) -> None:
        self.place = place

    def serialize_context(self, context: RequestContext) -> dict[str, Any]:
        """What of a context crosses."""
        return context.to_dict()

    def deserialize_context(self, values: dict[str, Any]) -> RequestContext:
        """The context as it arrived here."""
        return RequestContext.from_dict(values, self.place)

    def serialize_entity(self, context: RequestContext, entity: Any) -> Any:
        """An argument or a result as JSON."""
        return to_primitive(entity)

    def deserialize_entity(self, context: RequestContext, entity: Any) -> Any:
        """An argument or a result as it arrived here."""
        return from_primitive(entity, context)


__door__ = True
