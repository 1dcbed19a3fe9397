# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from pydantic import PositiveFloat, ValidationError

from sionna_semcom._parts import Decibels, Settings


class Inner(Settings):
    flag: bool = False
    rate: PositiveFloat = 1.0


class Outer(Settings):
    count: int = 1
    either: bool | int = 1
    values: tuple[float, ...] = ()
    snr_db: Decibels = 0.0
    widths: dict[str, float] | None = None
    inner: dict[str, Inner] | None = None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", True),
        ("count", 2**64),
        ("count", -(10**4000)),
        ("values", [1.0, False]),
        ("values", [math.nan]),
        ("values", ["nan"]),
        ("values", [math.inf]),
        ("widths", {"mse": True}),
        ("widths", {"mse": math.inf}),
        ("snr_db", True),
        ("inner", {"a": {"rate": True}}),
        ("inner", {"a": {"rate": math.nan}}),
    ],
)
def test_numbers_are_finite_and_no_truth_values(name, value):
    with pytest.raises(ValidationError) as caught:
        Outer(**{name: value})
    (error,) = caught.value.errors()
    assert error["loc"][0] == name
    assert len(error["msg"]) < 200


def test_what_is_meant_is_accepted():
    given = Outer(
        count=2**64 - 1, either=True, snr_db=math.inf, values=[1], inner={"a": {"flag": True}}
    )
    assert given.either is True and given.inner["a"].flag
    assert Outer.model_validate_json(given.model_dump_json()) == given


def test_an_argument_may_begin_with_model(recwarn):
    class Named(Settings):
        model_name: str = ""
        model_dump_path: str = ""

    assert Named(model_name="UMi").model_name == "UMi"
    assert not recwarn.list
