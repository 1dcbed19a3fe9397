# SPDX-License-Identifier: Apache-2.0
r"""What two representations share, as discriminators see it.

A discriminator with logit :math:`T` tells matched pairs :math:`p = p_{z^m z^n}` from mismatched
ones :math:`q = p_{z^m} p_{z^n}`:

.. math::
    \text{BCE} = -\mathbb{E}_p[\log\sigma(T)] - \mathbb{E}_q[\log(1 - \sigma(T))], \qquad
    \mathcal{J} = 2\ln 2 - \text{BCE} \le 2 D_\text{JS}(p \,\|\, q)

in nats, with equality for the best discriminator; :math:`\text{BCE} = 2\ln 2` is chance.

Source: Fu et al., "Robust Multi-modal Task-oriented Communications with Redundancy-aware
Representations", equations (33) to (37). One correction to (43), which adds :math:`\mathcal{J}` to
what is minimized: discriminators would then be trained to see *less*. What is added is the BCE,
which discriminators minimize, and encoders maximize behind gradient reversal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import keras
from keras import ops

CHANCE = 2.0 * math.log(2.0)
"""BCE [nats] of a discriminator that guesses"""


def discriminator_bce(
    matched: keras.KerasTensor, mismatched: keras.KerasTensor
) -> keras.KerasTensor:
    r"""Binary cross-entropy of a discriminator, summed over its two classes.

    Input
    -----
    matched, mismatched : [batch], `float`
        Logits of pairs of the same sample, and of different samples

    Output
    ------
    : [], `float`
        BCE in nats, :math:`2\ln 2` at chance
    """
    return ops.mean(ops.softplus(-matched)) + ops.mean(ops.softplus(mismatched))


def jsd_bound(matched: keras.KerasTensor, mismatched: keras.KerasTensor) -> keras.KerasTensor:
    r"""Lower bound :math:`\mathcal{J}` of :math:`2 D_\text{JS}` in nats; input as above."""
    return CHANCE - discriminator_bce(matched, mismatched)


def redundancy_loss(
    logits: Iterable[tuple[keras.KerasTensor, keras.KerasTensor]],
) -> keras.KerasTensor:
    """Sum of the BCE of all pairs of modalities; equation (37), corrected.

    Input
    -----
    logits : iterable of ([batch], [batch]), `float`
        Matched and mismatched logits of each pair

    Output
    ------
    : [], `float`
        Loss in nats
    """
    return sum(discriminator_bce(*pair) for pair in logits)
