# SPDX-License-Identifier: Apache-2.0
"""Latents of the networks of a station and of its users, and of networks of others."""

from typing import Any

import numpy as np
import pytest

from sionna_semcom.datasets import Digits, LatentPairs, LatentSplit
from sionna_semcom.simulation import ModelSettings, ModelStore
from sionna_semcom.simulation.studies.network_latents import DigitsUserLatents
from sionna_semcom.simulation.studies.user_extraction import extract_user_latents, in_own_split


def network(kind, latent_dim):
    system = {"kind": "image_classifier", "network": kind, "latent_dim": latent_dim, "widths": [4]}
    training = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 8, "warmup_steps": 1}
    return ModelSettings.model_validate({"system": system, "training": training})


NETWORKS = {"station": network("plain", 6), "user": network("residual", 5)}


def others(path, shift=0):
    """Latents of two networks of others for the built-in digits."""
    draw, splits = np.random.default_rng(0), {}
    for name in ("train", "validation", "test"):
        label = (Digits().images(name)[1].astype("i4") + shift) % 10
        tx, rx = (draw.normal(size=(len(label), size)).astype("f4") for size in (3, 4))
        splits[name] = LatentSplit(tx, rx, label)
    LatentPairs(splits).save(path)
    return path


def test_networks_of_others_are_further_users(tmp_path):
    store, path = ModelStore(work_dir=tmp_path / "models"), others(tmp_path / "others.h5")
    data = extract_user_latents("digits", Digits(), NETWORKS, store, path)
    assert (data.shapes["station"], data.widths) == ((6,), [5, 4, 3])
    pairs, split = LatentPairs.load(path), data.splits["test"]
    np.testing.assert_array_equal(split.users[1], pairs.splits["test"].rx)
    np.testing.assert_array_equal(split.users[2], pairs.splits["test"].tx)
    np.testing.assert_array_equal(data.heads[2].kernel, pairs.kernel)
    model = store.obtain("digits_user", NETWORKS["user"], Digits(), 0)
    images, label = Digits().images("test")
    expected = model({"image": images[:50]}).numpy()
    found = split.users[0][:50] @ data.heads[1].kernel + data.heads[1].bias
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(split.label, label)
    again = extract_user_latents("digits", Digits(), NETWORKS, store, path)
    np.testing.assert_array_equal(again.splits["test"].users[1], split.users[1])
    other_images = others(tmp_path / "shifted.h5", shift=1)
    with pytest.raises(ValueError, match="must hold latents of the same"):
        extract_user_latents("digits", Digits(), NETWORKS, store, other_images)


def test_the_networks_of_the_built_in_users_are_those_that_ship():
    settings: Any = DigitsUserLatents()
    assert list(settings.users) == ["receiver", "user_2", "user_3", "user_4"]
    assert settings.station.system.latent_dim == 32


def test_a_random_split_of_others_becomes_that_of_the_images():
    """Row numbers of the images by class and name replace their latents."""
    draw = np.random.default_rng(5)
    label = np.repeat(np.arange(3), (7, 9, 8)).astype("i4")
    image = np.arange(24, dtype="f4")[:, np.newaxis]
    rows = draw.permutation(24)

    def part(chosen):
        chosen = np.sort(chosen)
        return LatentSplit(image[chosen], -image[chosen], label[chosen])

    splits = {"train": part(rows[:20]), "validation": part(rows[20:]), "test": part(rows[:9])}
    held_out = np.isin(np.arange(24), (5, 6, 14, 15, 22, 23))  # the last two of each class
    found = in_own_split(LatentPairs(splits), 5, label[~held_out], label[held_out])
    for name, mask in (("train", ~held_out), ("validation", held_out)):
        np.testing.assert_array_equal(found[name].tx, image[mask])
        np.testing.assert_array_equal(found[name].rx, -image[mask])
        np.testing.assert_array_equal(found[name].label, label[mask])
    with pytest.raises(ValueError, match="latents of 23 images"):
        in_own_split(LatentPairs(splits), 5, label[~held_out][1:], label[held_out])
