# SPDX-License-Identifier: Apache-2.0
"""Pickles that hold data and nothing else."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

_ALLOWED = {
    ("_codecs", "encode"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    *(
        (module, name)
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name in ("_reconstruct", "scalar")
    ),
    *((module, "_frombuffer") for module in ("numpy.core.numeric", "numpy._core.numeric")),
}


class _DataUnpickler(pickle.Unpickler):
    """Finds NumPy's arrays, and no other class or function."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not data")
        return super().find_class(module, name)


def read_pickle(path: str | os.PathLike[str], encoding: str = "bytes") -> Any:
    """Read a pickle of NumPy arrays, numbers, strings and builtin containers.

    Anything else that a pickle can hold would run code of whoever made the file, and is refused.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    encoding : `str`
        How strings that Python 2 pickled are read

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged, or holds anything else
    """
    raw = Path(path).read_bytes()
    try:
        return _DataUnpickler(io.BytesIO(raw), encoding=encoding).load()
    except Exception as error:  # a damaged pickle can raise anything
        raise ValueError(f"`{path}` must be a pickle of arrays. Received: {error}") from error
