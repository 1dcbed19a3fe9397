# SPDX-License-Identifier: Apache-2.0
"""Figures show all modalities, classes and SNRs."""

import matplotlib.pyplot as plt
import pytest
import tensorflow as tf

from sionna_semcom.datasets import Digits
from sionna_semcom.link import AWGNLink, FlatFadingLink
from sionna_semcom.semantics import modalities
from sionna_semcom.simulation import (
    ModelStore,
    Study,
    draw_gallery,
    latent_space_figure,
    reconstruction_figure,
)
from sionna_semcom.systems import CentroidSystem

STUDY = {
    "name": "tiny",
    "models": {
        "main": {
            "system": {"kind": "centroid", "latent_dim": 4},
            "link": {"kind": "flat_fading", "num_tx_ant": 1, "num_rx_ant": 2},
        }
    },
    "links": {"awgn": {"kind": "awgn"}},
    "curves": [{"label": "AWGN", "model": "main", "link": "awgn"}],
    "evaluation": {"snr_db": [0]},
}


@pytest.fixture(scope="module")
def digits():
    return Digits()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(("link", "kind"), [(None, FlatFadingLink), ("awgn", AWGNLink)])
def test_pictures_are_over_the_link_of_training_or_another(
    digits, tmp_path, monkeypatch, link, kind
):
    study = Study.model_validate(STUDY)
    system = study.models["main"].build(digits, AWGNLink())
    monkeypatch.setattr(ModelStore, "obtain", lambda *_: system)
    paths = draw_gallery(study, "main", link, [10.0], tmp_path)
    assert [path.name for path in paths] == ["main_reconstructions.png", "main_latent_space.png"]
    assert all(path.stat().st_size > 1000 for path in paths)
    assert isinstance(system.link, kind)


@pytest.mark.parametrize("latent_dim", [3, 6])
def test_latent_space_shows_every_embedding(digits, latent_dim):
    system = CentroidSystem(modalities(digits.shapes, latent_dim), link=AWGNLink())
    axis = latent_space_figure(system, next(iter(digits.test(20)))).axes[0]
    clouds = {cloud.get_label(): len(cloud.get_offsets()) for cloud in axis.collections}
    assert clouds == {"image": 20, "audio": 20, "text": 20}


def test_latents_need_three_dimensions(digits):
    system = CentroidSystem(modalities(digits.shapes, 2), link=AWGNLink())
    with pytest.raises(ValueError, match=r"at least 3 dimensions. Received: 2"):
        latent_space_figure(system, next(iter(digits.test(20))))


@pytest.mark.parametrize("names", [("image", "audio", "text"), ("image", "audio")])
def test_reconstructions_show_originals_and_every_snr(digits, names):
    shapes = {name: digits.shapes[name] for name in names}
    system = CentroidSystem(modalities(shapes, 4), link=AWGNLink())
    batch = {
        name: samples for name, samples in next(iter(digits.test(10))).items() if name in names
    }
    figure = reconstruction_figure(system, batch, [0.0, float("inf")], 5)
    assert any(axis.get_title() for axis in figure.axes) == ("text" in names)
    assert len(figure.axes) == 2 * 3 * 5
    rows = [axis.get_ylabel() for axis in figure.axes if axis.get_ylabel()]
    assert rows[:3] == ["image\noriginal", "image\n0 dB", "image\nnoiseless"]


@pytest.mark.parametrize("label", [None, [0, 1] * 6, [0.5] * 12, list(range(12))])
def test_samples_may_have_few_classes_many_or_none(digits, tmp_path, monkeypatch, label):
    study = Study.model_validate(STUDY)
    system = study.models["main"].build(digits, AWGNLink())
    monkeypatch.setattr(ModelStore, "obtain", lambda *_: system)
    batch = {n: one for n, one in next(iter(digits.test(12))).items() if n != "label"}
    if label is not None:
        batch["label"] = tf.constant(label)
    monkeypatch.setattr(Digits, "test", lambda *_: [batch])
    paths = draw_gallery(study, "main", "awgn", [10.0], tmp_path)
    assert all(path.stat().st_size > 1000 for path in paths)
