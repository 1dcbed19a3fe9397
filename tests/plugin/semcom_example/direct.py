# SPDX-License-Identifier: Apache-2.0
"""Example of a system: transmission of an image by a linear encoder and decoder."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import keras
import tensorflow as tf
from pydantic import PositiveInt

from sionna_semcom.datasets import Data
from sionna_semcom.mapping import LatentDemapper, LatentMapper, num_symbols
from sionna_semcom.metrics import default_metrics
from sionna_semcom.systems import SYSTEMS, LinkedModel, SystemSettings


class DirectSettings(SystemSettings):
    """Settings of `DirectSystem`."""

    crosses = "link"
    reconstructs = True

    kind: Literal["direct"] = "direct"
    latent_dim: PositiveInt = 8
    """Real numbers that are sent for an image"""

    def metric_names(self, modalities: Iterable[str], judges: Iterable[str] = ()) -> list[str]:
        """Names of the metrics of the system."""
        return [f"image_{kind}" for kind in default_metrics("image")]

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return ("image",)


@SYSTEMS.register(DirectSettings)
class DirectSystem(LinkedModel):
    """Images through a linear encoder, a link and a linear decoder."""

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        *,
        snr_db: float | tuple[float, float] = (0.0, 20.0),
        **options: Any,
    ) -> None:
        super().__init__(snr_db=snr_db, **options)
        self.shapes = {key: tuple(shape) for key, shape in shapes.items()}
        shape, dim = self.shapes["image"], self.settings.latent_dim
        self.encoder = keras.Sequential(
            [keras.layers.Input(shape), keras.layers.Flatten(), keras.layers.Dense(dim)]
        )
        size = shape[0] * shape[1] * shape[2]
        self.decoder = keras.Sequential(
            [keras.layers.Input((dim,)), keras.layers.Dense(size), keras.layers.Reshape(shape)]
        )
        self._map, self._demap = LatentMapper(), LatentDemapper(dim)
        self.built = True

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the system for samples like those of ``data``."""
        shapes = {"image": data.shapes["image"]}
        return cls(shapes, **crossed, **settings.options)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build an equal system."""
        return {"shapes": self.shapes, **super().get_config()}

    @property
    def num_symbols(self) -> int:
        """Number of complex symbols per image."""
        return num_symbols(self.settings.latent_dim)

    def call(
        self,
        inputs: Mapping[str, tf.Tensor],
        snr_db: tf.Tensor | float | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Send images and reconstruct them."""
        symbols = self._map(self.encoder(inputs["image"]))
        symbols_hat, no_eff = self.link(symbols, self.noise_power(snr_db))
        return self.decoder(self._demap(symbols_hat, no_eff))

    def batch_loss(self, inputs: Mapping[str, tf.Tensor], training: bool) -> tf.Tensor:
        """Mean squared error."""
        outputs = self.call(inputs, training=training)
        return tf.reduce_mean(tf.square(inputs["image"] - outputs))

    def measure(
        self, batch: Mapping[str, tf.Tensor], snr_db: tf.Tensor | float
    ) -> dict[str, tf.Tensor]:
        """Metrics of every image."""
        outputs = self.call(batch, snr_db)
        further = {metric.kind: metric for metric in self.further_metrics}
        metrics = default_metrics("image") | further
        return {f"image_{key}": metric(batch["image"], outputs) for key, metric in metrics.items()}
