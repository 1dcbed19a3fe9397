# SPDX-License-Identifier: Apache-2.0
"""Base class of systems that transmit images and nothing else."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf
from pydantic import PositiveInt

from ...datasets import Data
from ...metrics import default_metrics
from ..base.contract import Batch, Present
from ..base.multimodal import MultimodalModel
from ..base.presence import check_batch, present_names
from ..base.reconstruction import reconstruction_metrics
from ..base.settings import SystemSettings
from ..classifiers.judge import Classifier


class ImageSettings(SystemSettings):
    """Common settings of systems for images."""

    crosses = "link"
    reconstructs = True

    num_symbols: PositiveInt = 256
    """Number of complex symbols per image"""

    @property
    def needs(self) -> tuple[str, ...]:
        """Required modality of the data."""
        return ("image",)

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics of images."""
        figures = [f"image_{key}" for key in default_metrics("image")]
        return figures + [f"{name}_recognized" for name in recognizers]


class ImageSystem(MultimodalModel):
    """Transmission of images. Other modalities of a batch are ignored.

    Parameters
    ----------
    shapes : `dict`
        Shape of an image, ``{"image": (height, width, channels)}``
    link : :class:`~sionna_semcom.link.Link`
        Link for the symbols; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range of a uniform distribution in dB

    Input
    -----
    inputs : `dict`
        ``image`` ``[batch, height, width, channels]`` in [0, 1]
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]
    present : `None` | ("image",)
        Modalities at the transmitter

    Output
    ------
    : `dict`
        Reconstruction of ``image`` ``[batch, height, width, channels]``

    Raises
    ------
    ValueError
        If ``shapes`` has no image, or the images of ``inputs`` have another shape
    """

    kept_attributes = ("recognizers",)

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        *,
        snr_db: float | tuple[float, float] = (0.0, 20.0),
        **options: Any,
    ) -> None:
        super().__init__(snr_db=snr_db, **options)
        if len(shapes.get("image", ())) != 3:
            raise ValueError(
                f"`shapes` must hold (height, width, channels) of `image`. Received: {dict(shapes)}"
            )
        self.shapes = {"image": tuple(shapes["image"])}
        self.recognizers: dict[str, Classifier] = {}
        self.create_layers()
        self.built = True

    @abstractmethod
    def create_layers(self) -> None:
        """Create the layers with the sizes in ``settings``."""

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        return {"shapes": self.shapes, **super().get_config()}

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the system from ``settings`` for the images of ``data``."""
        return cls({"image": data.shapes["image"]}, **crossed, **settings.options)

    @property
    def num_symbols(self) -> int:
        """Number of complex symbols per image."""
        return int(self.settings.num_symbols)

    def images(self, batch: Batch, present: Present = None) -> tf.Tensor:
        """Images of ``batch``, after a check of their shape."""
        present_names(present, self.shapes)
        check_batch(batch, self.shapes)
        return tf.convert_to_tensor(batch["image"])

    def compare(self, batch: Batch, encodings: Any, outputs: Batch) -> dict[str, tf.Tensor]:
        """Metrics ``[batch]`` of the reconstruction of each image."""
        metrics = {"image": default_metrics("image")}
        return reconstruction_metrics(
            batch, outputs, metrics, self.further_metrics, self.recognizers
        )
