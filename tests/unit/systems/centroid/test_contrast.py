# SPDX-License-Identifier: Apache-2.0
"""CentroidSystem trained with the terms of CoMM: the loss, its gradients, saving and errors."""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers, saving

from sionna_semcom.systems import CentroidSettings

from .test_learned_fusion import DATA, LEARNED, UNIQUE, make, open_fusion

TAU = 0.1
STILL = {name: ({"kind": "noise", "stddev": 0.0},) for name in ("image", "audio", "text")}


class Scaled(layers.Layer):
    """Augmentation that multiplies samples by a known number."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x, training=False):
        return self.factor * x


def contrast(one, other, label):
    """NT-Xent in double precision, one row at a time, without negatives of the same label."""
    views, labels = np.concatenate([one, other]).astype(float), np.tile(label, 2)
    losses = []
    for row, view in enumerate(views):
        partner = (row + len(one)) % len(views)
        powers = np.exp(views @ view / TAU)
        negatives = powers[labels != labels[row]].sum()
        losses.append(np.log((powers[partner] + negatives) / powers[partner]))
    return np.mean(losses)


def loss_of(system, batch):
    """Contrastive term of the loss on ``batch``."""
    system.batch_loss(batch, True)
    return float(system._trackers["contrastive"].result())


@pytest.mark.parametrize("options", [{"fusion": "mean", "unique_dim": 0}, LEARNED])
@pytest.mark.parametrize("label", [np.arange(8), np.arange(8) % 3])
def test_the_loss_is_that_of_the_formula(options, label):
    batch = {**DATA, "label": tf.constant(label)}
    system = make(contrast="comm", temperature=TAU, augmentations=STILL, **options)
    changed = {name: layers.GaussianNoise(0.0) for name in STILL}
    system.augmentations = {**changed, "image": Scaled(0.5)}
    if options is LEARNED:
        open_fusion(system)
    seen = {**batch, "image": 0.5 * batch["image"]}
    system(seen, snr_db=np.inf)  # a link that keeps what it sent
    sent = system.link.sent.numpy()
    latent = np.concatenate([sent.real, sent.imag], -1)
    latent /= np.linalg.norm(latent, axis=-1, keepdims=True)
    alone = [x.numpy() for x in system.embed(batch).values()]
    expected = sum(contrast(one, latent, label) for one in (latent, *alone))
    assert loss_of(system, batch) == pytest.approx(expected, rel=1e-5)


def test_its_gradient_reaches_what_is_unique_to_a_modality():
    system = make(contrast="comm", reconstruction_weight=1e-20)
    open_fusion(system)
    with tf.GradientTape() as tape:
        loss = system.batch_loss(DATA, True)
    bias = system.encoders["audio"].layers[-1].bias
    gradient = tape.gradient(loss, bias.value).numpy()
    assert np.abs(gradient[-UNIQUE:]).min() > 1e-6


def test_views_are_augmented_and_evaluation_is_not():
    system = make(contrast="comm", modality_dropout=0.0)
    losses = [loss_of(system, DATA)]
    first = system(DATA, snr_db=np.inf)["image"]
    for layer in (Scaled(1.0), Scaled(0.0)):
        system.augmentations = dict.fromkeys(STILL, layer)
        system._trackers["contrastive"].reset_state()
        losses.append(loss_of(system, DATA))
        np.testing.assert_array_equal(system(DATA, snr_db=np.inf)["image"], first)
    assert len(set(losses)) == 3


def test_it_trains_and_is_saved(tmp_path):
    system = make(contrast="comm", contrastive_weight=1.0)
    system.compile("adam")
    history = system.fit(tf.data.Dataset.from_tensors(DATA).repeat(40), epochs=2, verbose=0)
    assert history.history["contrastive"][1] < history.history["contrastive"][0]
    system.save(tmp_path / "system.keras")
    loaded = saving.load_model(tmp_path / "system.keras")
    assert set(loaded.augmentations) == set(STILL)
    for name, embedding in loaded.embed(DATA).items():
        np.testing.assert_allclose(embedding, system.embed(DATA)[name], atol=1e-6)


def test_augmentations_need_the_terms_of_comm():
    with pytest.raises(
        ValueError, match=r"`augmentations` need contrast 'comm'\. Received: .*image"
    ):
        CentroidSettings(augmentations={"image": STILL["image"]})
    with pytest.raises(ValueError, match="'comm' needs a mode in which one latent is sent"):
        CentroidSettings(contrast="comm", mode="conventional")
    with pytest.raises(ValueError, match="'comm' needs a mode in which one latent is sent"):
        make(contrast="comm", fusion="mean", unique_dim=0).mode = "conventional"
    with pytest.raises(ValueError, match="affine is for samples with 3 axes"):
        make(contrast="comm", augmentations={"text": ({"kind": "affine"},)})
