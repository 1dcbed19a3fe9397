# SPDX-License-Identifier: Apache-2.0
"""Base class of the settings of data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .._parts import Registry, Settings
from .data import Data

DATASETS = Registry("datasets", package="sionna_semcom.datasets")
"""Settings of data sets by ``kind``."""


class DataSettings(Settings):
    """Settings of a data set, which is read by :meth:`load`.

    Studies can use subclasses with a literal ``kind`` and the decorator ``@DATASETS.declare`` in
    ``data``. ``modalities`` is a class attribute, or a field if a study can select modalities.
    """

    has_features: ClassVar[bool] = False
    """Whether samples are multimodal features with labels"""

    kind: str

    if TYPE_CHECKING:

        @property
        def modalities(self) -> tuple[str, ...]:
            """Modalities of the samples; defined by subclasses."""

    @classmethod
    def default_modalities(cls) -> tuple[str, ...]:
        """Default modalities."""
        field = cls.model_fields.get("modalities")
        own: Any = field.default if field else cls.modalities
        return tuple(own)

    def load(self, models: Any = None) -> Data:
        """Read or generate the data.

        Parameters
        ----------
        models : `None` | :class:`~sionna_semcom.simulation.ModelStore`
            Trained models, for latents of trained networks

        Raises
        ------
        FileNotFoundError
            If a file is missing
        ValueError
            If a file is damaged
        """
        raise NotImplementedError(f"{type(self).__name__} must have `load`")
