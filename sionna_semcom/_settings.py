# SPDX-License-Identifier: Apache-2.0
"""The base of every settings model: unknown keys are refused, values do not change."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Validated, immutable settings; a wrong key or value raises before anything runs.

    Raises
    ------
    pydantic.ValidationError
        (a `ValueError`) naming the field, the value and what would be accepted.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, ser_json_inf_nan="strings"
    )
