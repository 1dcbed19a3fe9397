# SPDX-License-Identifier: Apache-2.0
"""Registries find parts by kind, independent of the package and time of their registration."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import ValidationError

from sionna_semcom._parts import Registry, Settings, registry, schema, summary
from sionna_semcom._parts.explanation import explain
from sionna_semcom.datasets import DATASETS
from sionna_semcom.link import LINKS, AWGNLink, LinkSettings
from sionna_semcom.simulation.studies.catalog import part
from sionna_semcom.simulation.studies.study import Study
from sionna_semcom.systems import SYSTEMS


@pytest.fixture
def toys(monkeypatch):
    """A registry that is removed after the test."""
    monkeypatch.setattr(schema, "REGISTRIES", dict(schema.REGISTRIES))
    monkeypatch.setattr(registry, "REGISTRIES", schema.REGISTRIES)
    return Registry("toys")


class BallSettings(Settings):
    kind: Literal["ball"] = "ball"
    radius: float = 1.0


class OtherSettings(Settings):
    kind: Literal["ball"] = "ball"


def test_two_parts_with_one_kind_are_refused(toys):
    toys.declare(BallSettings)
    toys.declare(BallSettings)  # as when a module is loaded again
    with pytest.raises(ValueError) as caught:
        toys.declare(OtherSettings)
    message = str(caught.value)
    assert message.startswith("`kind` must be new among the toys. Received: 'ball' of ")
    assert "OtherSettings, which is already " in message and message.endswith("BallSettings")
    assert toys["ball"] is BallSettings


def test_parts_of_other_registries_stand_where_these_do(toys):
    more = Registry("more toys", toys)
    toys.declare(BallSettings)
    assert list(more) == ["ball"]
    assert more.build({"kind": "ball", "radius": 2.0}) == BallSettings(radius=2.0)


def test_a_file_in_the_package_of_a_registry_adds_a_part(toys, tmp_path, monkeypatch):
    folder = tmp_path / "package_of_toys" / "below"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    (folder / "kite.py").write_text(
        "from typing import Literal\n"
        "from sionna_semcom._parts import Settings\n"
        "from sionna_semcom._parts.schema import REGISTRIES\n"
        "@REGISTRIES['toys'].declare\n"
        "class Kite(Settings):\n"
        "    'Flies.'\n"
        "    kind: Literal['kite'] = 'kite'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    toys.package = "package_of_toys"
    assert list(toys) == ["kite"]
    assert summary(toys["kite"]) == "Flies."
    assert summary(type("Nameless", (), {})) == summary(type("Blank", (), {"__doc__": " "})) == ""


def test_open_unions_take_parts_that_are_registered_later(toys):
    class Box(Settings):
        toy: Annotated[Settings, toys]

    with pytest.raises(ValueError, match=r"must be one of \. Received: 'ball'"):
        Box(toy={"kind": "ball"})
    toys.declare(BallSettings)
    box = Box(toy={"kind": "ball", "radius": 3})
    assert box.toy == BallSettings(radius=3.0)
    assert Box.model_validate_json(box.model_dump_json()) == box
    assert Box.model_validate(box.model_dump()) == box


def test_studies_take_links_that_are_registered_after_them(monkeypatch):
    monkeypatch.setattr(LINKS, "_parts", dict(LINKS._parts))

    class LateSettings(LinkSettings):
        kind: Literal["late"] = "late"
        gain: float = 1.0

    @LINKS.register(LateSettings)
    class LateLink(AWGNLink):
        """A link that is registered late."""

    study = {
        "name": "s",
        "models": {"m": {"system": {"kind": "centroid"}, "link": {"kind": "late", "gain": 2.0}}},
        "links": {"l": {"kind": "effective_awgn", "link": {"kind": "late"}}},
        "curves": [{"label": "c", "model": "m", "link": "l"}],
        "evaluation": {"snr_db": [0]},
    }
    checked = Study.model_validate(study)
    assert checked.models["m"].link == LateSettings(gain=2.0)
    assert Study.model_validate_json(checked.model_dump_json()) == checked


CASES = [
    (LINKS, {"kind": "awgn", "snr": 3}),
    (LINKS, {"kind": "flat_fading", "num_tx_ant": 0}),
    (LINKS, {"kind": "flat_fading", "num_tx_ant": 3, "num_rx_ant": 2, "equalizer": "zf"}),
    (LINKS, {"kind": "flat_fading", "csi_error_variance": 1.0}),
    (LINKS, {"kind": "flat_fading", "rician_k": "high"}),
    (LINKS, {"kind": "ofdm", "model": "CDL-Z"}),
    (LINKS, {"kind": "ofdm", "num_streams": 3}),
    (LINKS, {"kind": "ofdm", "packing": "perhaps"}),
    (LINKS, {"kind": "flat_mimo", "csi": "delayed"}),
    (LINKS, {"kind": "flat_mimo", "num_uses": True}),
    (LINKS, {"kind": "ofdm_mimo", "csi_delay": 3}),
    (DATASETS, {"kind": "builtin", "root": "x"}),
    (DATASETS, {"kind": "latents"}),
    (DATASETS, {"kind": "trifeature", "question": "why"}),
    (DATASETS, {"kind": "generated_features", "noise": -1}),
    (DATASETS, {"kind": "linear_gaussian_features", "nuisance_dim": -1}),
    (SYSTEMS, {"kind": "centroid", "latent_dim": 0}),
    (SYSTEMS, {"kind": "linear_alignment", "ridge": -1}),
]


@pytest.mark.parametrize(("found", "values"), CASES, ids=[str(values) for _, values in CASES])
def test_python_and_yaml_give_the_same_message(found, values):
    with pytest.raises(ValueError) as of_yaml:
        found.settings(values)
    arguments = {name: value for name, value in values.items() if name != "kind"}
    part_class = found[values["kind"]]
    with pytest.raises(ValueError) as of_python:
        if found is LINKS:
            part_class(**arguments)
        else:  # data sets are their settings; systems need data besides them
            try:
                part_class.settings_class(**arguments)
            except ValidationError as error:
                raise ValueError(explain(error, arguments, part_class.settings_class)) from error
    assert str(of_yaml.value) == str(of_python.value)
    assert len(str(of_yaml.value)) < 500


def test_unknown_kinds_are_refused_with_those_that_there_are():
    for found in (LINKS, DATASETS, SYSTEMS):
        with pytest.raises(ValueError, match=f"must be one of {next(iter(found))}, .*'none'"):
            found["none"]
    with pytest.raises(ValueError, match=r"`kind` must be one of .* Received: 'none'"):
        part("none")
