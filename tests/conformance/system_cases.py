# SPDX-License-Identifier: Apache-2.0
"""All systems in a tiny size, each with a batch. Add a new system with one line of ``SYSTEMS``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.channel import FlatMIMOChannel
from sionna_semcom.datasets import LatentPairs, LatentSplit, UserLatents, UserLatentSplit
from sionna_semcom.link import AWGNLink, FlatFadingLink, OFDMLink, OverTheAirLink, UplinkLink
from sionna_semcom.systems import (
    SYSTEMS as REGISTRY,
)
from sionna_semcom.systems import (
    CentroidSystem,
    ChannelEstimation,
    Classifier,
    CoMM,
    CompressedCoMM,
    DeepJSCC,
    DigitalFeatures,
    FeatureTransmission,
    ImageClassifier,
    SeparateImages,
    TDeepSC,
    TwoStageVIB,
)

sys.path.append(str(Path(__file__).parents[1] / "plugin"))  # an example package of others
from semcom_example.direct import DirectSystem

SIZE = 6
FEATURES = {"text": (5,), "audio": (4, 3)}
DIGITS = {"image": (8, 8, 1), "audio": (16, 8, 1), "text": (10,)}
IMAGE = {"image": DIGITS["image"]}
BOTH = {"user_0": (8,), "user_1": (5,)}
COMM = {"width": 8, "token_width": 8, "num_heads": 2, "projection": (8, 4)}


class Case(NamedTuple):
    """A system, a batch, and the expected properties of its outputs."""

    build: Callable[[], Any]
    batch: Callable[[], dict[str, tf.Tensor]]
    shape: Any
    measures: bool = True
    drops: tuple[str, ...] = ()
    xla: bool = True


@functools.cache
def features() -> dict[str, tf.Tensor]:
    """Features of two modalities with one of two classes."""
    draw = np.random.default_rng(1)
    return {
        "text": tf.constant(draw.normal(size=(SIZE, 5)), tf.float32),
        "audio": tf.constant(draw.normal(size=(SIZE, 4, 3)), tf.float32),
        "audio_length": tf.constant([4, 3, 2, 1, 4, 3], tf.int32),
        "label": tf.constant([0, 1] * (SIZE // 2), tf.int32),
    }


@functools.cache
def digits() -> dict[str, tf.Tensor]:
    """Images, spectrograms and words of digits."""
    draw = np.random.default_rng(2)
    label = tf.constant([0, 1, 2] * (SIZE // 3), tf.int32)
    images = {name: draw.uniform(size=(SIZE, *DIGITS[name])) for name in ("image", "audio")}
    images = {name: tf.constant(values, tf.float32) for name, values in images.items()}
    return {**images, "text": tf.one_hot(label, 10), "label": label}


@functools.cache
def pairs() -> LatentPairs:
    """Latents of two networks."""
    draw = np.random.default_rng(3)
    mixing = draw.normal(size=(6, 8))

    def split(count: int) -> LatentSplit:
        tx = draw.normal(size=(count, 6))
        label = draw.integers(0, 3, count).astype(np.int32)
        return LatentSplit(tx.astype(np.float32), (tx @ mixing).astype(np.float32), label)

    return LatentPairs({name: split(30) for name in ("train", "validation", "test")})


def latents() -> dict[str, tf.Tensor]:
    """A batch of latents of two networks."""
    return next(iter(pairs().test(SIZE)))


def aligned(kind: str, **settings: Any) -> Case:
    """An alignment system of the settings."""

    def build() -> Any:
        link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, num_uses=1)
        return REGISTRY.settings({"kind": kind, **settings}).build(pairs(), link, 10.0)

    return Case(build, latents, (8,))


@functools.cache
def user_latents() -> UserLatents:
    """Latents of a station and of two users."""

    def users(split: LatentSplit) -> UserLatentSplit:
        return UserLatentSplit(split.tx, (split.rx, split.rx[:, :5]), split.label)

    return UserLatents({name: users(split) for name, split in pairs().splits.items()})


def many_users(kind: str, shape: Any, **settings: Any) -> Case:
    """An alignment system of two users."""

    def build() -> Any:
        link = FlatMIMOChannel(num_tx_ant=2, num_rx_ant=2, num_uses=2)
        chosen = {"kind": kind, "iterations": 3, **settings}
        return REGISTRY.settings(chosen).build(user_latents(), link, 10.0)

    return Case(build, lambda: next(iter(user_latents().test(SIZE))), shape)


def decision(system: Any, **options: Any) -> Case:
    """A decision system."""
    xla = options.pop("xla", True)
    build = functools.partial(system, FEATURES, 2, **options)
    return Case(lambda: build(link=AWGNLink()), features, (1,), drops=("text",), xla=xla)


def digital() -> Any:
    """A digital baseline whose source coder is fitted to the batch."""
    arrays = {name: values.numpy() for name, values in features().items()}
    return DigitalFeatures(FEATURES, 2, arrays, link=AWGNLink(), transmitted_dim=60)


def separate_images() -> Any:
    """A separate chain whose rate is chosen with the images of the batch."""
    few = {"num_symbols": 64, "rates": [(4, 0.5), (6, 0.75)], "num_codewords": 4}
    images = digits()["image"].numpy()
    return SeparateImages(DIGITS, images, link=AWGNLink(), snr_db=(8.0, 12.0), **few)


def comm(**options: Any) -> CoMM:
    """A small CoMM system."""
    return CoMM(FEATURES, link=AWGNLink(), **{**COMM, **options})


def centroid() -> CentroidSystem:
    """Centroid system of three modalities, with a classifier of images."""
    system = CentroidSystem(DIGITS, link=FlatFadingLink(), latent_dim=4)
    judge = Classifier(DIGITS["image"], 10)
    judge.trainable = False
    system.recognizers = {"image": judge}
    return system


def learned_fusion() -> CentroidSystem:
    """Centroid system that sends a learned fusion."""
    sizes = {"latent_dim": 4, "unique_dim": 2, "fusion_units": 8}
    return CentroidSystem(DIGITS, link=AWGNLink(), fusion="learned", **sizes)


def estimation() -> ChannelEstimation:
    """A small learned estimator."""
    estimator = {"width": 3, "num_blocks": 1, "kernel_times": 3, "kernel_frequencies": 3}
    sizes = {"num_tx_ant": 1, "num_rx_ant": 2, "fft_size": 12}
    return ChannelEstimation(link=OFDMLink(model="TDL-A", estimator=estimator, **sizes))


def centroid_over_the_air() -> CentroidSystem:
    """Centroid system of three devices whose symbols add over the air."""
    link = OverTheAirLink(model="flat", csi="perfect", fft_size=12)
    return CentroidSystem(DIGITS, link=link, latent_dim=4, transmitters="separate")


def distributed_vib() -> TwoStageVIB:
    """VIB system of two devices with fusion at the receiver."""
    link = UplinkLink(model="flat", csi="perfect", num_users=2, fft_size=12)
    sizes = {"width": 8, "unimodal_dim": 4, "received_dim": 4, "transmitted_dim": 6}
    return TwoStageVIB(FEATURES, 2, link=link, transmitters="separate", dropout=0.0, **sizes)


SYSTEMS = {
    "centroid": Case(
        centroid,
        digits,
        DIGITS,
        drops=("image",),
    ),
    "two_stage_vib": decision(
        TwoStageVIB, width=8, unimodal_dim=4, received_dim=4, transmitted_dim=6, dropout=0.0
    ),
    "learned_fusion": Case(learned_fusion, digits, DIGITS, drops=("image",)),
    "centroid_over_the_air": Case(centroid_over_the_air, digits, DIGITS, drops=("image",)),
    "distributed_vib": Case(distributed_vib, features, (1,), drops=("text",)),
    "t_deepsc": decision(TDeepSC, width=8, transmitted_dim=6, dropout=0.0),
    "feature_transmission": decision(FeatureTransmission, width=8, dropout=0.0),
    "digital_features": Case(digital, features, (1,), drops=("text",), xla=False),
    "comm": Case(comm, features, (8,), drops=("text",)),
    "deep_jscc": Case(lambda: DeepJSCC(DIGITS, link=AWGNLink(), num_symbols=4), digits, IMAGE),
    "separate_images": Case(separate_images, digits, IMAGE, xla=False),
    "compressed_comm": Case(
        lambda: CompressedCoMM(comm(), link=AWGNLink(), num_symbols=2, hidden=(8,), fine_tune=True),
        features,
        (8,),
        drops=("text",),
    ),
    "image_classifier": Case(
        lambda: ImageClassifier(DIGITS["image"], 10, network="plain", latent_dim=4, widths=(4,)),
        digits,
        (10,),
        measures=False,
    ),
    "channel_estimation": Case(estimation, digits, (1, 2, 1, 1, 14, 12)),
    "classifier": Case(lambda: Classifier(DIGITS["image"], 10), digits, (10,), measures=False),
    "linear_alignment": aligned("linear_alignment"),
    "admm_alignment": aligned("linear_alignment", method="admm", iterations=2),
    "feature_alignment": aligned("feature_alignment", selection="top"),
    "procrustes_alignment": aligned("translation_alignment", method="procrustes"),
    "cca_alignment": aligned("translation_alignment", method="cca", components=2),
    "relative_alignment": aligned("translation_alignment", method="relative", anchors=9),
    "kernel_ridge_alignment": aligned("translation_alignment", method="kernel_ridge"),
    "eigenbasis_alignment": aligned("neural_alignment", precoder_units=[8], decoder_units=[8]),
    "complex_alignment": aligned("neural_alignment", network="complex", threshold=0.1),
    "broadcast_alignment": many_users("broadcast_alignment", BOTH),
    "federated_alignment": many_users(
        "broadcast_alignment",
        {"user_0": (8,), "user_1": (5,)},
        method="federated_admm",
        form="complex_linear",
    ),
    "multi_link_alignment": many_users(
        "broadcast_alignment", {"user_0": (8,), "user_1": (5,)}, method="multi_link"
    ),
    "neural_broadcast_alignment": many_users(
        "broadcast_alignment", BOTH, method="neural", units=[8]
    ),
    "uplink_alignment": many_users("uplink_alignment", {"user_0": (6,), "user_1": (6,)}),
    "direct": Case(
        lambda: DirectSystem({"image": DIGITS["image"]}, link=AWGNLink()), digits, (8, 8, 1)
    ),
}


def built(name: str) -> Any:
    """A new system with equal weights in each call."""
    set_seed("conformance", name)
    return SYSTEMS[name].build()
