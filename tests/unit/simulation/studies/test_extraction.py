# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.datasets import SPLITS, Digits, LatentPairs
from sionna_semcom.datasets.settings import DATASETS
from sionna_semcom.simulation import ModelSettings, ModelStore
from sionna_semcom.simulation.studies import extraction, network_latents
from sionna_semcom.simulation.studies.extraction import extract_latents
from sionna_semcom.simulation.training import store


def settings(network, latent_dim):
    """Settings of a network that is trained for two steps."""
    system = {"kind": "image_classifier", "network": network, "latent_dim": latent_dim}
    short = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 10, "warmup_steps": 1}
    return ModelSettings.model_validate(
        {"system": {**system, "widths": [4], "mirror": True}, "training": short}
    )


NETWORKS = {"transmitter": settings("residual", 6), "receiver": settings("plain", 8)}


@pytest.fixture(scope="module")
def digits():
    return Digits()


@pytest.fixture(scope="module")
def folder(digits, tmp_path_factory):
    """Folder of trained networks and their latents."""
    path = tmp_path_factory.mktemp("extraction")
    extract_latents("tiny", digits, NETWORKS, ModelStore(work_dir=path))
    return path


def extract(digits, folder, networks=NETWORKS, work_dir=None):
    return extract_latents("tiny", digits, networks, ModelStore([folder], work_dir or folder))


@pytest.fixture(scope="module")
def trained(digits, folder):
    return {
        end: ModelStore(work_dir=folder).obtain(f"tiny_{end}", NETWORKS[end], digits, 0)
        for end in NETWORKS
    }


def test_latents_are_what_the_encoders_say(digits, folder, trained):
    pairs = extract(digits, folder)
    assert pairs.shapes == {"tx": (6,), "rx": (8,)}
    for name in SPLITS:
        pixels, labels = digits.images(name)
        split = pairs.splits[name]
        np.testing.assert_array_equal(split.label, labels)
        for part, end in (("tx", "transmitter"), ("rx", "receiver")):
            expected = trained[end].encode(pixels)
            np.testing.assert_allclose(getattr(split, part), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(pairs.kernel, trained["receiver"].head.get_weights()[0])
    np.testing.assert_array_equal(pairs.bias, trained["receiver"].head.get_weights()[1])


def test_receiver_accuracy_is_that_of_the_receiving_network(digits, folder, trained):
    pixels, labels = digits.images("test")
    logits = trained["receiver"]({"image": pixels})
    assert extract(digits, folder).receiver_accuracy == np.mean(np.argmax(logits, -1) == labels)


def test_the_second_time_nothing_is_computed(digits, folder, monkeypatch):
    pairs = extract(digits, folder)
    monkeypatch.setattr(store, "train", None)
    monkeypatch.setattr(extraction, "latents_of", None)
    again = extract(digits, folder)
    assert again.checksums == pairs.checksums
    for name in SPLITS:
        np.testing.assert_array_equal(again.splits[name].tx, pairs.splits[name].tx)
        np.testing.assert_array_equal(again.splits[name].rx, pairs.splits[name].rx)


def test_trained_networks_of_another_folder_are_used(digits, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "train", None)
    pairs = extract(digits, folder, work_dir=tmp_path)
    assert pairs.checksums == extract(digits, folder).checksums
    assert [path.name for path in tmp_path.iterdir()] == ["tiny_latents.h5"]
    kept = LatentPairs.load(tmp_path / "tiny_latents.h5")
    np.testing.assert_array_equal(kept.splits["train"].tx, pairs.splits["train"].tx)


def test_other_weights_give_other_latents(digits, folder, tmp_path, monkeypatch):
    first = extract(digits, folder, work_dir=tmp_path)
    monkeypatch.setattr(extraction, "ENCODER_SEED", 1)
    second = extract(digits, folder, work_dir=tmp_path)
    assert not np.allclose(first.splits["test"].tx, second.splits["test"].tx, rtol=1e-2)
    differing = {key for key in first.checksums if first.checksums[key] != second.checksums[key]}
    assert differing == {"transmitter", "receiver"}
    kept = LatentPairs.load(tmp_path / "tiny_latents.h5")
    assert kept.sources == second.checksums


def test_other_images_give_other_latents(digits, folder, tmp_path, monkeypatch):
    extract(digits, folder, work_dir=tmp_path)
    monkeypatch.setattr(digits, "checksums", {"other": "images"})
    with pytest.raises(ZeroDivisionError):  # it would train for these images
        monkeypatch.setattr(store, "train", lambda *_: 1 / 0)
        extract(digits, folder, work_dir=tmp_path)


def test_the_order_of_the_networks_does_not_matter(digits, folder, tmp_path):
    backwards = dict(reversed(NETWORKS.items()))
    pairs = extract(digits, folder, backwards, work_dir=tmp_path)
    assert pairs.shapes == {"tx": (6,), "rx": (8,)}


@pytest.mark.parametrize(
    ("kind", "name", "sizes"), [("digits", "digits", (32, 48)), ("cifar10", "cifar10", (384, 768))]
)
def test_settings_name_the_networks(monkeypatch, tmp_path, kind, name, sizes):
    calls = []
    monkeypatch.setattr(network_latents, "extract_latents", lambda *given: calls.append(given))
    monkeypatch.setattr(network_latents, "CIFAR10", lambda root: root)
    monkeypatch.setenv("SIONNA_SEMCOM_DATA", str(tmp_path))
    models = ModelStore([tmp_path])
    DATASETS.settings({"kind": f"{kind}_latents"}).load(models)
    ((given, _, networks, store_),) = calls
    assert given == name
    assert store_ is models
    systems = [networks[end].system for end in ("transmitter", "receiver")]
    assert tuple(system.latent_dim for system in systems) == sizes
    assert [system.network for system in systems] == ["residual", "plain"]
    with pytest.raises(FileNotFoundError, match="SIONNA_SEMCOM_DATA"):
        monkeypatch.delenv("SIONNA_SEMCOM_DATA")
        DATASETS.settings({"kind": "cifar10_latents"}).load()
