# SPDX-License-Identifier: Apache-2.0
"""Small channel files."""

import h5py
import numpy as np


def gaussian(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)


def cir(num_rows=80, antennas=(2, 2), num_paths=3, steps=1, seed=0):
    """Impulse responses of random paths within 500 ns, in Sionna's shapes."""
    rng = np.random.default_rng(seed)
    a = gaussian(rng, num_rows, 1, antennas[0], 1, antennas[1], num_paths, steps)
    tau = np.sort(rng.uniform(0.0, 500e-9, [num_rows, 1, 1, num_paths]))
    return {"a": a.astype(np.complex64), "tau": tau}


def write(path, attributes=None, **datasets):
    """Write attributes and all datasets that are not `None`."""
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            if values is not None:
                file[name] = values
        file.attrs.update(attributes or {})
    return path
