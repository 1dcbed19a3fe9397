# SPDX-License-Identifier: Apache-2.0
"""Semantic communication as a layer on top of Sionna's physical layer.

Subpackages are imported on first use. Importing the package, or running ``sionna-semcom --help``,
therefore does not load TensorFlow.
"""

from __future__ import annotations

import importlib
import os
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        alignment,
        channel,
        datasets,
        link,
        losses,
        mapping,
        metrics,
        semantics,
        simulation,
        systems,
    )

__version__ = version("sionna-semcom")

__all__ = [
    "alignment",
    "channel",
    "datasets",
    "link",
    "load_model",
    "losses",
    "mapping",
    "metrics",
    "semantics",
    "simulation",
    "systems",
]


def load_model(name_or_path: str | os.PathLike[str], seed: int = 0, link: Any = None) -> Any:
    """Load a trained system together with its link.

    The file is read as data: no code in it is executed, and no other file is opened. Register
    custom classes, such as your own encoders, with `keras.saving.register_keras_serializable`
    before the call.

    Parameters
    ----------
    name_or_path : `str` or `PathLike`
        File that ``system.save("x.keras")`` wrote, or name of a shipped model such as
        ``"centroid_builtin_end_to_end"``
    seed : `int`
        Training seed of the shipped model. Ignored for a path.
    link : `None` | :class:`~sionna_semcom.link.Link`
        Link that replaces the saved link, which is then not built. By default the saved link is
        used.

    Output
    ------
    : `keras.Model`
        The system

    Raises
    ------
    FileNotFoundError
        If ``name_or_path`` is neither a file nor a shipped model
    ValueError
        If the file is damaged, or needs a class that is not registered

    Example
    -------
    >>> system = load_model("centroid_builtin_end_to_end")
    >>> system.link = link.OFDMLink(model="UMi", num_tx_ant=2, num_rx_ant=4)
    >>> system.save("mine.keras")
    """
    from ._models import model_path
    from .simulation.training.weights import load_model as load

    return load(model_path(name_or_path, seed), link)


def __getattr__(name: str) -> ModuleType:
    if name in __all__ and name != "load_model":
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
