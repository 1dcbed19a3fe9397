# SPDX-License-Identifier: Apache-2.0
"""Systems that start from encoders which another system was trained to have."""

from __future__ import annotations

from typing import Any

import keras


def transfer_weights(system: keras.Model, pretrained: keras.Model) -> list[str]:
    """Give ``system`` the weights of ``pretrained`` wherever both have the same part.

    Parts are the encoders of modalities of the same name and, where both have them, decoders,
    fusion and projection. Every encoder of ``system`` must find its own; it goes on learning from
    there, unless the system keeps it as it is.

    Parameters
    ----------
    system : `keras.Model`
        A system with ``encoders``, such as :class:`TwoStageVIB`, :class:`CentroidSystem` and
        :class:`CoMM`, or one with ``senders`` that have them
    pretrained : `keras.Model`
        A trained system with ``encoders``

    Output
    ------
    : `list` of `str`
        Names of the parts

    Raises
    ------
    ValueError
        If an encoder of ``system`` has no counterpart, or a part has other sizes
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
    for name in ("fusion", "projection"):
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
