# SPDX-License-Identifier: Apache-2.0
"""What every declaration of a data set has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .._parts import Registry, Settings
from .data import Data

DATASETS = Registry("datasets", package="sionna_semcom.datasets")
"""Settings of data sets by ``kind``."""


class DataSettings(Settings):
    """Settings of a data set, which :meth:`load` reads; a study's ``data``.

    A subclass with a literal ``kind``, decorated with ``@DATASETS.declare``, is a data set that
    studies can name. Its ``modalities`` are a class attribute, or a field where a study may leave
    some out.
    """

    has_features: ClassVar[bool] = False
    """Whether samples are features of several modalities with a decision to make"""

    kind: str

    if TYPE_CHECKING:

        @property
        def modalities(self) -> tuple[str, ...]:
            """Modalities of the samples; subclasses say which, or have a field."""

    @classmethod
    def default_modalities(cls) -> tuple[str, ...]:
        """Modalities unless a study leaves some out."""
        field = cls.model_fields.get("modalities")
        own: Any = field.default if field else cls.modalities
        return tuple(own)

    def load(self, models: Any = None) -> Data:
        """Read or draw the data.

        Parameters
        ----------
        models : `None` | :class:`~sionna_semcom.simulation.ModelStore`
            Trained models, for data that are latents of trained networks

        Raises
        ------
        FileNotFoundError
            If a file is missing
        ValueError
            If a file is damaged
        """
        raise NotImplementedError(f"{type(self).__name__} must have `load`")
