# SPDX-License-Identifier: Apache-2.0
r"""Redundancy of two representations, estimated by discriminators.

A discriminator with logit :math:`T` distinguishes matched pairs :math:`p = p_{z^m z^n}` from
mismatched pairs :math:`q = p_{z^m} p_{z^n}`:

.. math::
    \text{BCE} = -\mathbb{E}_p[\log\sigma(T)] - \mathbb{E}_q[\log(1 - \sigma(T))], \qquad
    \mathcal{J} = 2\ln 2 - \text{BCE} \le 2 D_\text{JS}(p \,\|\, q)

in nats, with equality for the optimal discriminator. At chance, :math:`\text{BCE} = 2\ln 2`.

Source: Fu et al., "Robust Multi-modal Task-oriented Communications with Redundancy-aware
Representations", equations (33) to (37). Equation (43) is corrected: it adds :math:`\mathcal{J}` to
the minimized loss, so discriminators would be trained to discriminate *less*. Here, the BCE is
added. Discriminators minimize it, and encoders maximize it because of the gradient reversal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import keras
from keras import ops

CHANCE = 2.0 * math.log(2.0)
"""BCE [nats] of a discriminator at chance"""


def discriminator_bce(
    matched: keras.KerasTensor, mismatched: keras.KerasTensor
) -> keras.KerasTensor:
    r"""Binary cross-entropy of a discriminator, summed over its two classes.

    Input
    -----
    matched, mismatched : [batch], `float`
        Logits of pairs from the same sample and from different samples

    Output
    ------
    : [], `float`
        BCE in nats, :math:`2\ln 2` at chance
    """
    return ops.mean(ops.softplus(-matched)) + ops.mean(ops.softplus(mismatched))


def jsd_bound(matched: keras.KerasTensor, mismatched: keras.KerasTensor) -> keras.KerasTensor:
    r"""Lower bound :math:`\mathcal{J}` of :math:`2 D_\text{JS}` in nats.

    Input as in :func:`discriminator_bce`.

    Output
    ------
    : [], `float`
        Lower bound
    """
    return CHANCE - discriminator_bce(matched, mismatched)


def redundancy_loss(
    logits: Iterable[tuple[keras.KerasTensor, keras.KerasTensor]],
) -> keras.KerasTensor:
    """Sum of the BCE over all pairs of modalities. Equation (37), corrected.

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
