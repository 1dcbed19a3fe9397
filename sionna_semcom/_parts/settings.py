# SPDX-License-Identifier: Apache-2.0
"""Base class of all settings, which rejects unknown keys and is immutable."""

import functools
from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from .._messages import shortened

_LARGEST = 2**64  # limit of seeds in result files
Decibels = Annotated[float, Field(allow_inf_nan=True)]
"""SNR [dB]; infinity is noiseless. Settings with this type must check for NaN."""


class Settings(BaseModel):
    """Validated, immutable arguments of a part, each with a type, default, range and description.

    A settings class is the only declaration of arguments. Constructors, schemas of studies,
    configurations of saved models and tables of the documentation are derived from it. Numbers must
    be finite, and must not be ``true`` or ``false``.

    Raises
    ------
    pydantic.ValidationError
        (a `ValueError`) if an argument is invalid, with its name, its value and the accepted values
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        ser_json_inf_nan="strings",
        allow_inf_nan=False,
        protected_namespaces=(),  # allows names with "model_" before pydantic 2.10
    )

    @property
    def options(self) -> dict[str, Any]:
        """Arguments as plain values, without ``kind``."""
        return self.model_dump(exclude={"kind"})

    @model_validator(mode="before")
    @classmethod
    def _check_numbers(cls, data: Any) -> Any:
        """Reject boolean values for numbers, which pydantic would convert to 1 and 0."""
        for name in cls.model_fields if isinstance(data, dict) else ():
            holds_models, holds_truths = _contents(cls, name)
            problem = None if holds_models else _problem(data.get(name), holds_truths)
            if problem:
                error = PydanticCustomError("number", problem)
                details = InitErrorDetails(type=error, loc=(name,), input=data[name])
                raise ValidationError.from_exception_data(cls.__name__, [details])
        return data


def _problem(value: Any, holds_truths: bool) -> str | None:
    if isinstance(value, bool) and not holds_truths:
        return f"it must not be true or false. Received: {value}"
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return f"an integer must be less than 2^64. Received: {shortened(value)}"
    if isinstance(value, dict | list | tuple):
        items = value.values() if isinstance(value, dict) else value
        return next(filter(None, (_problem(item, holds_truths) for item in items)), None)
    return None


@functools.cache
def _contents(model: type[Settings], name: str) -> tuple[bool, bool]:
    """Whether a field contains models, which have their own checks, and boolean values."""
    types = list(_types(model.model_fields[name].annotation))
    holds_models = any(isinstance(one, type(BaseModel)) for one in types)
    return holds_models, any(one in (bool, Any) or isinstance(one, bool) for one in types)


def _types(annotation: Any) -> Iterator[Any]:
    """Iterate over all types in an annotation."""
    yield annotation
    for part in get_args(annotation):
        yield from _types(part)
