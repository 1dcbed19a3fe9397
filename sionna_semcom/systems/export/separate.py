# SPDX-License-Identifier: Apache-2.0
"""Graphs of a centroid system with a separate transmitter for each modality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

import tensorflow as tf

from ...mapping import num_symbols
from ..base.devices import adds_in_the_air, check_devices
from ..centroid.separate import (
    check_separable,
    padded_symbols,
    received_apart,
    received_centroid,
)
from ..centroid.system import CentroidSystem
from .trace import RECEIVED, SENT, Part, pruned

PRESENT = "present"


def device_file(name: str) -> str:
    """File of the transmitter of a modality, with percent-encoded special characters."""
    return f"transmitter_{quote(name, safe='')}.onnx"


def device_part(system: CentroidSystem, name: str) -> Part:
    """Graph from the samples of the modality ``name`` to the symbols of its device."""
    longest = max(num_symbols(modality.latent_dim) for modality in system.modalities)

    def run(samples: tf.Tensor) -> dict[str, tf.Tensor]:
        symbols = padded_symbols(system.embed({name: samples}, [name])[name], longest)
        return dict(zip(SENT, (tf.math.real(symbols), tf.math.imag(symbols)), strict=True))

    return _wrapped(run, {name: tf.TensorSpec([None, *system.shapes[name]], name=name)})


def joint_receiver_part(system: CentroidSystem) -> Part:
    """Graph from the output of the link to the reconstructions of all modalities.

    If the centroid is sent, ``present`` [batch, num_devices] is a further input, which is one for
    devices that send and zero for the others.

    Raises
    ------
    ValueError
        If the link does not fit, or the system does not know the correlation of its devices
    """
    link, devices = system.link, len(system.modalities)
    dims = [modality.latent_dim for modality in system.modalities]
    sizes = [max(map(num_symbols, dims))]
    if system.mode == "conventional":
        check_separable(link, devices)
    else:
        check_devices(link, devices)
    if not adds_in_the_air(link):
        sizes = [devices, *sizes]
    specs = {name: tf.TensorSpec([None, *sizes], name=name) for name in RECEIVED}
    if system.mode == "conventional":

        def run(*ends: tf.Tensor) -> dict[str, tf.Tensor]:
            real, imag, no_eff = ends
            return system.decode(received_apart(tf.complex(real, imag), no_eff, dims))

        return _wrapped(run, specs)
    rho = _correlation(system)

    def run_centroid(*ends: tf.Tensor) -> dict[str, tf.Tensor]:
        real, imag, no_eff, present = ends
        output = tf.complex(real, imag), no_eff, present[..., tf.newaxis]
        return system.decode([received_centroid(link, *output, rho, dims[0])])

    return _wrapped(run_centroid, {**specs, PRESENT: tf.TensorSpec([None, devices], name=PRESENT)})


def _correlation(system: CentroidSystem) -> tf.Tensor:
    """Correlation between the symbols of devices, as known from training."""
    rho = 0.0 if system.agreement is None else float(system.agreement.mean_power)
    if rho <= 0.0:
        raise ValueError(
            "`system` must have been trained with mode='end_to_end' and transmitters='separate', "
            "so that its receiver knows the correlation of the devices. "
            f"Received: {type(system).__name__} without this correlation, mode={system.mode!r}"
        )
    return tf.constant(rho, tf.float32)


def _wrapped(
    run: Callable[..., Mapping[str, tf.Tensor]], specs: Mapping[str, tf.TensorSpec]
) -> Part:
    """Graph of ``run``, without inputs that it does not use."""
    function = tf.compat.v1.wrap_function(run, list(specs.values()))
    inputs = dict(zip(specs, function.inputs, strict=False))
    return pruned(function, inputs, function.structured_outputs)
