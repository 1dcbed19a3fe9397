# SPDX-License-Identifier: Apache-2.0
"""Discriminators between matched and mismatched latents of two modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import keras
import tensorflow as tf
from sionna.phy import config


@keras.saving.register_keras_serializable("sionna_semcom")
class PairDiscriminators(keras.layers.Layer):
    r"""One discriminator :math:`T_{mn}` for each pair of modalities.

    .. code-block:: text

        z_m, z_n of one sample           ─ T_mn ─ matched logit
        z_m, z_n of two different samples ─ T_mn ─ mismatched logit

    Mismatched pairs are formed by a random cyclic order of the batch, so that no pair matches by
    chance. In a batch of one, the matched pair is used for both.

    Source: Fu et al., equations (34) to (36), which use :math:`T_{it}` instead of :math:`T_{ia}`
    and :math:`T_{ta}`.

    Parameters
    ----------
    names : sequence of `str`
        Modalities, two or more
    units : sequence of `int`
        Units of the hidden layers of each discriminator

    Input
    -----
    latents : `dict` of [batch, dim], `float`
        Latents of all modalities

    Output
    ------
    : `dict` of ([batch], [batch]), `float`
        Logits of matched and mismatched pairs, under names such as "text_audio"

    Raises
    ------
    ValueError
        If there are less than two modalities
    """

    def __init__(self, names: Sequence[str], units: Sequence[int] = (64,), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(names) < 2:
            raise ValueError(f"`names` must be two modalities or more. Received: {list(names)}")
        self.pairs = list(combinations(names, 2))
        self.discriminators = {
            pair_name(pair): keras.Sequential(
                [*(keras.layers.Dense(width, "gelu") for width in units), keras.layers.Dense(1)]
            )
            for pair in self.pairs
        }

    def build(self, input_shape: Mapping[str, tuple[int | None, ...]]) -> None:
        """Create the weights for latents of ``input_shape``."""
        for pair in self.pairs:
            width = sum(int(input_shape[name][-1] or 0) for name in pair)
            self.discriminators[pair_name(pair)].build((None, width))

    def call(
        self, latents: Mapping[str, tf.Tensor], training: bool = False
    ) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
        """Compute the logits of matched and mismatched pairs."""
        first = next(iter(latents.values()))
        order = tf.argsort(config.tf_rng.uniform([tf.shape(first)[0]]))
        following = tf.roll(order, -1, 0)
        logits = {}
        for one, other in self.pairs:
            judge = self.discriminators[pair_name((one, other))]
            matched = tf.concat([latents[one], latents[other]], -1)
            mismatched = tf.concat(
                [tf.gather(latents[one], order), tf.gather(latents[other], following)], -1
            )
            both = judge(tf.concat([matched, mismatched], 0), training=training)[:, 0]
            logits[pair_name((one, other))] = tuple(tf.split(both, 2))
        return logits


def pair_name(pair: Sequence[str]) -> str:
    """Name of a pair of modalities."""
    return "_".join(pair)
