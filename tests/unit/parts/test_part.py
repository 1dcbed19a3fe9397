# SPDX-License-Identifier: Apache-2.0
"""Signature, help and configuration that a class gets from its settings."""

from __future__ import annotations

import inspect
import json
import pydoc
from typing import Any, Literal

import pytest
from pydantic import Field

from sionna_semcom._parts import Part, Registry, Settings, describe, validated
from sionna_semcom.link import LINKS, AWGNLink, FlatFadingLink, OFDMLink
from sionna_semcom.systems import SYSTEMS


class ToySettings(Settings):
    """Settings of `Toy`."""

    kind: Literal["toy"] = "toy"
    size: int = Field(ge=1)
    """Number of things,
    on two lines."""
    color: Literal["red", "green"] = "red"
    """What it looks like"""


class Toy(Part):
    """A part.

    Parameters
    ----------
    first : `str`
        An explicit argument

    Raises
    ------
    ValueError
        If something is wrong
    """

    settings_class = ToySettings

    def __init__(self, first: str = "a", **settings: Any) -> None:
        self.first = first
        self.settings = validated(self.settings_class, settings)

    def __call__(self, x: int) -> int:
        return x


describe(Toy, ToySettings)


class SizedToy(Toy):
    """A toy with a keyword of its own."""

    def __init__(self, *, shape: str = "round", **options: Any) -> None:
        super().__init__(**options)
        self.shape = shape


class SmallToy(SizedToy):
    """A toy with another default."""

    def __init__(self, first: str, *, shape: str = "square", **options: Any) -> None:
        super().__init__(first=first, shape=shape, **options)


describe(SmallToy, ToySettings)


class ToyOfToys(Toy):
    """A subclass with a constructor of its own."""

    def __init__(self, other: int) -> None:
        super().__init__(size=other)


def test_signature_shows_every_argument():
    parameters = inspect.signature(Toy).parameters
    assert list(parameters) == ["first", "size", "color"]
    assert parameters["size"].default is inspect.Parameter.empty
    assert parameters["size"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["color"].default == "red"


def test_a_signature_shows_what_a_constructor_passes_on():
    parameters = inspect.signature(SmallToy).parameters
    assert list(parameters) == ["first", "shape", "size", "color"]
    assert parameters["shape"].default == "square"
    bound = inspect.signature(SmallToy).bind("a", size=2)
    assert SmallToy(*bound.args, **bound.kwargs).settings.size == 2


@pytest.mark.parametrize("kind", ["centroid", "two_stage_vib", "digital_features", "comm"])
def test_systems_show_their_link_although_their_constructors_do_not_repeat_it(kind):
    part = SYSTEMS[kind]
    assert not {"link", "name"} & set(inspect.signature(part.__init__).parameters)
    parameters = inspect.signature(part).parameters
    by_name = [one.name for one in parameters.values() if one.kind is one.KEYWORD_ONLY]
    assert by_name[:3] == ["link", "snr_db", "name"]
    assert parameters["link"].default is inspect.Parameter.empty
    assert parameters["snr_db"].default is not inspect.Parameter.empty


def test_signatures_of_instances_and_subclasses_are_their_own():
    assert list(inspect.signature(Toy(size=1)).parameters) == ["x"]
    assert list(inspect.signature(ToyOfToys).parameters) == ["other"]


def test_help_has_the_arguments_once_between_their_neighbors():
    text = pydoc.plain(pydoc.render_doc(Toy))
    assert text.count("size : int, at least 1\n") == 1
    assert "Number of things, on two lines." in text
    assert 'color : "red" | "green", (default \'red\')' in text
    assert text.index("An explicit argument") < text.index("size : int") < text.index("Raises")


@pytest.mark.parametrize("registry", [LINKS, SYSTEMS], ids=lambda registry: registry.sort)
def test_every_part_shows_its_settings(registry):
    for kind, part in registry.items():
        settings = part.settings_class
        names = set(settings.model_fields) - {"kind"}
        assert names <= set(inspect.signature(part).parameters), kind
        described = [name for name in names if part is settings or f"{name} : " in part.__doc__]
        assert set(described) == names, kind


@pytest.mark.parametrize(
    "link",
    [
        AWGNLink(),
        FlatFadingLink(num_rx_ant=2, rician_k=3.0),
        OFDMLink(model="TDL-A", csi="perfect", fft_size=24, num_tx_ant=1, num_rx_ant=1),
    ],
    ids=lambda link: type(link).__name__,
)
def test_links_are_rebuilt_from_their_configuration(link):
    config = json.loads(json.dumps(link.get_config()))
    assert "kind" not in config
    again = type(link).from_config(config)
    assert again.settings == link.settings
    assert again.get_config() == link.get_config()


@pytest.mark.parametrize("kind", ["flat_mimo", "ofdm_mimo"])
def test_channels_are_rebuilt_from_their_configuration(kind):
    settings = {"csi": "perfect", "num_tx_ant": 2, "num_rx_ant": 2, "num_uses": 2}
    channel = LINKS[kind](**settings)
    again = type(channel).from_config(json.loads(json.dumps(channel.get_config())))
    assert again.settings == channel.settings


def test_a_part_without_a_name_of_its_own_is_refused():
    class Nameless(Settings):
        kind: str = "nameless"

    with pytest.raises(ValueError, match=r"`kind: Literal\[...\]` with one name. Received: Namel"):
        Registry("toys of tests").register(Nameless)(Toy)
