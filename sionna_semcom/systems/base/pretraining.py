# SPDX-License-Identifier: Apache-2.0
"""Initialization of systems with pretrained encoders."""

from __future__ import annotations

from typing import Any

import keras


def transfer_weights(system: keras.Model, pretrained: keras.Model) -> list[str]:
    """Copy the weights of ``pretrained`` to ``system`` for all parts that both have.

    Parts are the encoders of modalities with the same name and, if both systems have them,
    decoders, fusion (of tokens, or of latents) and projection. Each encoder of ``system`` must have
    a counterpart. It can be trained further, unless it is frozen in the system.

    Parameters
    ----------
    system : `keras.Model`
        System with ``encoders``, such as :class:`TwoStageVIB`, :class:`CentroidSystem` and
        :class:`CoMM`, or with ``senders`` that have ``encoders``
    pretrained : `keras.Model`
        Trained system with ``encoders``

    Output
    ------
    : `list` of `str`
        Names of the parts

    Raises
    ------
    ValueError
        If an encoder of ``system`` has no counterpart, or the sizes of a part differ
    """
    given = _parts(pretrained)
    for receiver in getattr(system, "senders", [system]):
        parts = _parts(receiver)
        lacking = [name for name in parts if name.startswith("encoder") and name not in given]
        if lacking or not parts:
            raise ValueError(
                f"{system.name!r} can only start from a model that has its encoders. Received: "
                f"{pretrained.name!r} without {', '.join(lacking) or 'any'}"
            )
        shared = [name for name in parts if name in given]
        for name in shared:
            _check_sizes(name, parts[name], given[name])
        for name in shared:
            parts[name].set_weights(given[name].get_weights())
    return shared


def _parts(system: Any) -> dict[str, keras.Layer]:
    parts = {f"encoder of {name}": x for name, x in getattr(system, "encoders", {}).items()}
    parts |= {f"decoder of {name}": x for name, x in getattr(system, "decoders", {}).items()}
    for name in ("fusion", "latent_fusion", "projection"):
        if getattr(system, name, None) is not None:
            parts[name] = getattr(system, name)
    return parts


def _check_sizes(name: str, layer: keras.Layer, source: keras.Layer) -> None:
    own, given = ([tuple(w.shape) for w in part.weights] for part in (layer, source))
    if own != given:
        raise ValueError(
            f"The {name} must have the sizes of that which it starts from. "
            f"Received: weights of shapes {own} and {given}"
        )
