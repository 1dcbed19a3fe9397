# SPDX-License-Identifier: Apache-2.0
"""Channel files and models for the tests of links and MIMO channels."""

from __future__ import annotations

import functools
import itertools
import tempfile
from pathlib import Path

import h5py
import numpy as np
from sionna.phy.channel import ChannelModel, subcarrier_frequencies

from sionna_semcom.channel.slots.channel import channel_model, path_response
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.channel.sources.realizations import realizations, write_realizations
from sionna_semcom.link import OFDMSettings

_FOLDER = tempfile.TemporaryDirectory()
_NUMBERS = itertools.count()


def settings(**changes):
    """Settings of the channel in the files and models."""
    return OFDMSettings.model_validate({"model": "CDL-C", "csi": "perfect", **changes})


@functools.cache
def cir(count=512, **changes) -> dict:
    """Settings of a source with the given number of impulse responses of CDL-C."""
    chosen = settings(**changes)
    grid = resource_grid(chosen)
    path = Path(_FOLDER.name) / f"cir{next(_NUMBERS)}.h5"
    write_realizations(
        path, realizations(chosen, grid, count), 1.0 / float(grid.ofdm_symbol_duration)
    )
    return {"kind": "cir", "path": path}


@functools.cache
def responses(count=512, **changes) -> dict:
    """Settings of a source of frequency responses of CDL-C, on a comb of subcarriers."""
    chosen = settings(speed=0.0, **changes)
    found = realizations(chosen, resource_grid(chosen), count)
    size = chosen.fft_size + 8
    frequencies = subcarrier_frequencies(size, chosen.subcarrier_spacing)
    h = path_response(found.a[..., :1], found.tau, frequencies).numpy()[:, 0, :, 0]
    path = Path(_FOLDER.name) / f"h{next(_NUMBERS)}.h5"
    comb = np.r_[0:size:2, size - 1]
    with h5py.File(path, "w") as file:
        file["h"], file["frequency"] = h[..., 0, comb], frequencies.numpy()[comb]
    return {"kind": "frequency_response", "path": path}


def model(**changes) -> ChannelModel:
    """Sionna's model of CDL-C."""
    return channel_model(settings(**changes))
