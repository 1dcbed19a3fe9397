# SPDX-License-Identifier: Apache-2.0
"""Correction of the ray offsets in a cluster, which Sionna 1.2 has wrong for UMi, UMa and RMa."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.channel import ChannelModel

RAY_OFFSETS = (0.0447, 0.1413, 0.2492, 0.3715, 0.5129, 0.6797, 0.8844, 1.1481, 1.5195, 2.1551)
"""Magnitudes of the offset angles of table 7.5-3 of TR 38.901; each comes with both signs."""


def correct_ray_offsets(model: ChannelModel) -> None:
    r"""Set the ray offsets of ``model`` to those of table 7.5-3 of TR 38.901, if they differ.

    Sionna 1.2 has 1.1481 and -0.1481 where the table has :math:`\pm 1.1481` (Sionna's issue 1107).
    The angles of UMi, UMa and RMa then have a mean that is not zero and a spread that is too small;
    CDL has the right table. Only this instance of the model is changed. Models with correct
    offsets, or without such an attribute, are not changed.

    Parameters
    ----------
    model : :class:`~sionna.phy.channel.tr38901.SystemLevelChannel`
        Channel model, corrected in place
    """
    sampler: Any = getattr(model, "_ray_sampler", None)
    offsets = getattr(sampler, "_ray_offsets", None)
    if sampler is None or offsets is None or offsets.shape != [2 * len(RAY_OFFSETS)]:
        return
    table = np.outer(RAY_OFFSETS, [1.0, -1.0]).ravel()
    if not np.allclose(np.sort(offsets), np.sort(table), rtol=0.0, atol=1e-5):
        sampler._ray_offsets = tf.constant(table, offsets.dtype)
