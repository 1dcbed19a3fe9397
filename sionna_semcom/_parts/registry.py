# SPDX-License-Identifier: Apache-2.0
"""Registries of parts by the kind that studies use, including parts of other packages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import core_schema

from .._messages import did_you_mean, listed, shortened
from .explanation import explain
from .part import describe
from .schema import REGISTRIES, REGISTRY
from .settings import Settings

_Class = TypeVar("_Class", bound=type)


class Registry:
    """Parts of one sort by ``kind``.

    Other packages add parts with entry points of the group ``sionna_semcom.<sort>``. The name of an
    entry point is the ``kind``, and its object is a registered class. Entry points are imported
    when the parts are first used. A field of settings with the annotation ``Annotated[Settings,
    registry]`` accepts the settings of any part, selected by ``kind``, including parts that are
    registered later.

    Parameters
    ----------
    sort : `str`
        Name of the parts in the plural, such as ``"links"``
    others : :class:`Registry`
        Registries whose parts are accepted as well
    package : `None` | `str`
        Package whose modules are all imported on first use. A new file in it can therefore add a
        part.
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
        """Decorator for the class of the part that ``settings`` declare.

        Raises
        ------
        ValueError
            If ``settings`` have no literal ``kind``, or the ``kind`` is already registered
        """

        def decorated(part: _Class) -> _Class:
            kind = _kind(settings)
            known = self._parts.get(kind)
            if known is not None and _path(known) != _path(part):
                raise ValueError(
                    f"`kind` must be new among the {self.sort}. "
                    f"Received: {kind!r} of {_path(part)}, which is already {_path(known)}"
                )
            part.settings_class = settings  # type: ignore[attr-defined]
            self._parts[kind] = part
            return describe(part, settings)

        return decorated

    def declare(self, settings: _Class) -> _Class:
        """Decorator for settings that are the part themselves."""
        return self.register(settings)(settings)

    def __getitem__(self, kind: str) -> Any:
        """Class of the part ``kind``.

        Raises
        ------
        ValueError
            If the kind is unknown. The message lists the known kinds.
        """
        if kind in self._parts:
            return self._parts[kind]
        if kind in (failed := self.failed):
            raise ValueError(f"{kind!r} of the {self.sort} cannot be loaded: {failed[kind]}")
        known = dict(self.items())
        if kind not in known:
            raise ValueError(
                f"kind must be one of {', '.join(known)}. Received: {shortened(kind, 60)}"
                + did_you_mean(kind, known)
            )
        return known[kind]

    def __iter__(self) -> Iterator[str]:
        """Iterate over all kinds: of this package, of other packages, and of other registries."""
        return iter([kind for kind, _ in self.items()])

    def items(self) -> list[tuple[str, Any]]:
        """Kinds and classes of all parts."""
        self._search()
        others = [item for registry in self.others for item in registry.items()]
        return [*self._parts.items(), *others]

    @property
    def failed(self) -> dict[str, str]:
        """Kinds of other packages that cannot be imported, with the reason."""
        self._search()
        return {k: v for registry in self.others for k, v in registry.failed.items()} | self._failed

    def build(self, settings: Settings | Mapping[str, Any]) -> Any:
        """Build a part from ``settings``, such as ``{"kind": "awgn"}``."""
        chosen = self.settings(settings)
        return self.of(chosen)(**chosen.options)

    def settings(self, value: Settings | Mapping[str, Any]) -> Any:
        """Validate a mapping with ``kind``, or settings.

        Raises
        ------
        ValueError
            If ``value`` is invalid, with the same message as in studies
        """
        try:
            return self.validate(value)
        except ValidationError as error:
            kind = dict(value)["kind"]
            raise ValueError(explain(error, value, self[kind].settings_class)) from error

    def of(self, settings: Settings) -> Any:
        """Class of the part of ``settings``."""
        return self[settings.kind]  # type: ignore[attr-defined]

    def validate(self, value: Any) -> Settings:
        """Validate a mapping with ``kind``, or settings, within a pydantic model.

        Raises
        ------
        ValueError
            If the kind is unknown, or a setting is invalid
        """
        if isinstance(value, Settings):
            kind = getattr(value, "kind", None)
            if kind == "":  # part that is not registered
                return value
            if isinstance(kind, str) and isinstance(value, self[kind].settings_class):
                return value
        if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
            received = listed(value) if isinstance(value, Mapping) else type(value).__name__
            raise ValueError(f"must have kind, one of {', '.join(self)}. Received: {received}")
        chosen: Settings = self[value["kind"]].settings_class.model_validate(value)
        return chosen

    def _search(self) -> None:
        """Import all modules and entry points with parts once. Failed imports are recorded."""
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
            except (Exception, SystemExit) as error:  # other packages can raise any exception
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
    """Import all modules of a package and its subpackages."""
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
