# SPDX-License-Identifier: Apache-2.0
"""Parts by the name that studies give them, with those that other packages add."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import core_schema

from .._messages import listed, shortened
from .explanation import explain
from .part import describe
from .schema import REGISTRIES, REGISTRY
from .settings import Settings

_Class = TypeVar("_Class", bound=type)


class Registry:
    """Parts of one sort, by ``kind``.

    Other packages add parts by entry points of the group ``sionna_semcom.<sort>``: the name is the
    ``kind``, the object is a registered class. They are imported when a study or a user first asks
    for what there is. An annotation ``Annotated[Settings, registry]`` is a field of settings that
    takes the settings of any part, chosen by ``kind``, also of parts that are registered later.

    Parameters
    ----------
    sort : `str`
        What the parts are, in the plural, such as ``"links"``
    others : :class:`Registry`
        Registries whose parts can stand where those of this one can
    package : `None` | `str`
        Package of which every module is imported first, so that a file in it adds a part
    """

    def __init__(self, sort: str, *others: Registry, package: str | None = None) -> None:
        self.sort = sort
        self.package = package
        self.others = others
        self._parts: dict[str, type] = {}
        self._failed: dict[str, str] = {}
        self._searched = False
        REGISTRIES[sort] = self

    def register(self, settings: type[Settings]) -> Callable[[_Class], _Class]:
        """Decorate the class that ``settings`` declare.

        Raises
        ------
        ValueError
            If ``settings`` have no literal ``kind``, or another class has the same
        """

        def decorated(part: _Class) -> _Class:
            kind = _kind(settings)
            known = self._parts.get(kind)
            if known is not None and _path(known) != _path(part):
                raise ValueError(
                    f"`kind` must be new among the {self.sort}. "
                    f"Received: {kind!r} of {_path(part)}, which {_path(known)} has already"
                )
            part.settings_class = settings  # type: ignore[attr-defined]
            self._parts[kind] = part
            return describe(part, settings)

        return decorated

    def declare(self, settings: _Class) -> _Class:
        """Decorate settings that are the part themselves."""
        return self.register(settings)(settings)

    def __getitem__(self, kind: str) -> Any:
        """Class of the part ``kind``.

        Raises
        ------
        ValueError
            If there is none, naming those that there are
        """
        if kind in self._parts:
            return self._parts[kind]
        if kind in (failed := self.failed):
            raise ValueError(f"{kind!r} of the {self.sort} cannot be loaded: {failed[kind]}")
        known = dict(self.items())
        if kind not in known:
            raise ValueError(
                f"kind must be one of {', '.join(known)}. Received: {shortened(kind, 60)}"
            )
        return known[kind]

    def __iter__(self) -> Iterator[str]:
        """All kinds, those of other packages last, and those of other registries behind them."""
        return iter([kind for kind, _ in self.items()])

    def items(self) -> list[tuple[str, Any]]:
        """Kinds and classes."""
        self._search()
        others = [item for registry in self.others for item in registry.items()]
        return [*self._parts.items(), *others]

    @property
    def failed(self) -> dict[str, str]:
        """Parts of other packages that cannot be imported, with the reason."""
        self._search()
        return {k: v for registry in self.others for k, v in registry.failed.items()} | self._failed

    def build(self, settings: Settings | Mapping[str, Any]) -> Any:
        """Build the part that ``settings`` describe, such as ``{"kind": "awgn"}``."""
        chosen = self.settings(settings)
        return self.of(chosen)(**chosen.options)

    def settings(self, value: Settings | Mapping[str, Any]) -> Any:
        """Settings that ``value`` describes.

        Raises
        ------
        ValueError
            If it describes none, with the message that studies give
        """
        try:
            return self.validate(value)
        except ValidationError as error:
            kind = dict(value)["kind"]
            raise ValueError(explain(error, value, self[kind].settings_class)) from error

    def of(self, settings: Settings) -> Any:
        """Class that ``settings`` declare."""
        return self[settings.kind]  # type: ignore[attr-defined]

    def validate(self, value: Any) -> Settings:
        """Give settings of the part that ``value`` describes: a mapping with ``kind``, or settings.

        Raises
        ------
        ValueError
            If there is no such part, or a setting is wrong
        """
        if isinstance(value, Settings):
            kind = getattr(value, "kind", None)
            if kind == "":  # of a part that is not registered
                return value
            if isinstance(kind, str) and isinstance(value, self[kind].settings_class):
                return value
        if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
            received = listed(value) if isinstance(value, Mapping) else type(value).__name__
            raise ValueError(f"must have kind, one of {', '.join(self)}. Received: {received}")
        chosen: Settings = self[value["kind"]].settings_class.model_validate(value)
        return chosen

    def _search(self) -> None:
        """Import what registers parts, once; another package that fails hides no other."""
        if self._searched:
            return
        self._searched = True
        if self.package is not None:
            _import_modules(self.package)
        for point in entry_points(group=f"sionna_semcom.{self.sort}"):
            try:
                part = point.load()
                if self._parts.get(point.name) is not part:
                    raise TypeError(f"{point.value} is not registered as {point.name!r}")
            except (Exception, SystemExit) as error:  # whatever other packages do when imported
                name = point.value if point.name in self._parts else point.name
                self._failed[name] = f"{type(error).__name__}: {' '.join(str(error).split())}"

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(_dump, info_arg=True),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {REGISTRY: self.sort}


def _dump(settings: Settings, info: Any) -> dict[str, Any]:
    return settings.model_dump(mode=info.mode)


def _import_modules(package: str) -> None:
    """Import every module of a package and of those below it."""
    path = importlib.import_module(package).__path__
    for module in pkgutil.walk_packages(path, f"{package}."):
        importlib.import_module(module.name)


def _path(part: type) -> str:
    return f"{part.__module__}.{part.__qualname__}"


def _kind(settings: type[Settings]) -> str:
    field = settings.model_fields.get("kind")
    names = get_args(field.annotation) if field else ()
    if len(names) != 1 or not isinstance(names[0], str):
        raise ValueError(
            "Settings of a part must have `kind: Literal[...]` with one name. "
            f"Received: {settings.__name__}"
        )
    return names[0]
