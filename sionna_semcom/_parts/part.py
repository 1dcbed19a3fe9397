# SPDX-License-Identifier: Apache-2.0
"""Base class of parts, whose signature, docstring and configuration come from settings."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from pydantic import ValidationError

from .arguments import Argument, arguments, default_of
from .explanation import explain
from .settings import Settings

_Settings = TypeVar("_Settings", bound=Settings)
_Class = TypeVar("_Class", bound=type)


class Part:
    """Base class of objects that are built from settings and return them as configuration.

    A part stores its settings in ``settings``. Its constructor takes their fields as keyword
    arguments, ``**settings``. A constructor that extends another one passes ``**options`` on to it,
    and its signature shows every keyword argument of the other one. Each subclass is registered
    with Keras under the name of its package, so that it can be part of saved models.
    """

    settings_class: ClassVar[type[Settings]]
    settings: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        import keras  # slow import, which settings do not need

        package = cls.__module__.partition(".")[0]
        keras.saving.register_keras_serializable(package)(cls)

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments of the constructor as plain values (JSON)."""
        return self.settings.model_dump(mode="json", exclude={"kind"})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a part from the output of :meth:`get_config`."""
        return cls(**config)


def validated(settings: type[_Settings], values: dict[str, Any]) -> _Settings:
    """Create ``settings`` from the arguments ``values``.

    Raises
    ------
    ValueError
        If an argument is unknown, missing or invalid, with the same message as in studies
    """
    try:
        return settings(**values)
    except ValidationError as error:
        raise ValueError(explain(error, values, settings)) from error


def describe(part: _Class, settings: type[Settings]) -> _Class:
    """Add the arguments of ``settings`` to the signature and the docstring of ``part``.

    In the signature they replace ``**settings`` of the constructor. In the docstring they are
    appended to the section ``Parameters``, which is created if it is missing.
    """
    part.__signature__ = _ClassSignature(part, settings)  # type: ignore[attr-defined]
    if part.__doc__:
        explicit = inspect.signature(part.__init__).parameters  # type: ignore[misc]
        declared = [one for one in arguments(settings) if one.name not in explicit]
        part.__doc__ = _with_parameters(inspect.cleandoc(part.__doc__), declared)
    return part


class _ClassSignature:
    """Descriptor of the signature of a class, but not of its instances or subclasses."""

    def __init__(self, part: type, settings: type[Settings]) -> None:
        self._part = part
        self._signature = _signature(part, settings)

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        if instance is not None or owner is not self._part:
            raise AttributeError("__signature__")
        return self._signature


def _signature(part: type, settings: type[Settings]) -> inspect.Signature:
    first = _constructor(part.__mro__)
    named = {parameter.name for parameter in first}
    declared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default_of(field),
            annotation=field.annotation,
        )
        for name, field in settings.model_fields.items()
        if name != "kind" and name not in named
    ]
    return inspect.Signature([*first, *declared])


def _constructor(classes: Sequence[type]) -> list[inspect.Parameter]:
    """Parameters of the first constructor of ``classes``, with its ``**options``."""
    place = next(n for n, one in enumerate(classes) if "__init__" in vars(one))
    definer = classes[place]
    _, *own = inspect.signature(definer.__init__).parameters.values()  # type: ignore[misc]
    keywords = {}
    if own and own[-1].name == "options":
        extended = _constructor(classes[place + 1 :])
        keywords = {one.name: one for one in extended if one.kind is one.KEYWORD_ONLY}
    keywords |= {one.name: one for one in own if one.kind is one.KEYWORD_ONLY}
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    return [*(one for one in own if one.kind not in by_name), *keywords.values()]


def _with_parameters(doc: str, declared: list[Argument]) -> str:
    entries = "\n".join(map(_entry, declared))
    if not entries:
        return doc
    lines = doc.split("\n")
    underline = "-" * len("Parameters")
    if "Parameters" not in lines:
        before = next((i for i, line in enumerate(lines) if line in ("Input", "Raises")), None)
        at = len(lines) if before is None else before
        section = ["", "Parameters", underline, entries, ""]
        return "\n".join([*lines[:at], *section[at == 0 or not lines[at - 1] :], *lines[at:]])
    start = lines.index("Parameters") + 2
    end = next(
        (i - 1 for i in range(start, len(lines)) if lines[i] and set(lines[i]) == {"-"}), len(lines)
    )
    while not lines[end - 1].strip():
        end -= 1
    return "\n".join([*lines[:end], entries, *lines[end:]])


def _entry(argument: Argument) -> str:
    default = "" if argument.required else f", (default {argument.default!r})"
    text = textwrap.fill(argument.description, 96, initial_indent="    ", subsequent_indent="    ")
    return f"{argument.name} : {argument.type}{default}\n{text}"
