# SPDX-License-Identifier: Apache-2.0
"""Base class of systems that are trained over a link."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from sionna.phy import config

from ... import metrics
from ..._parts import validated
from ...channel import MIMOChannel
from ...channel.drawn import DrawnPart
from ...datasets import Data
from ...link import Link
from ...link.figures import with_link_figures
from ...metrics import MetricSettings
from .callbacks import CalibrateLink, StopOnNonFiniteLoss
from .contract import Batch
from .link_weights import LinkWeights, check_link
from .saving import SavedModel, serialized
from .settings import SystemSettings
from .snr import check_snr, snr_range


class LinkedModel(SavedModel):
    """Keras model with a link, trained at an SNR that is drawn for each batch.

    Keras layers and trainable variables inside the link, at any depth, are weights of the model.
    They are trained by ``fit``, and saved and loaded with the model.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | :class:`~sionna_semcom.channel.MIMOChannel`
        Link for the symbols; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range of a uniform distribution in dB;
        infinity is the noiseless link
    name : `None` (the ``kind``) | `str`
        Name of the model

    Raises
    ------
    ValueError
        If ``snr_db`` is neither an SNR nor a range, or Keras is not set to single precision
    """

    settings_class = SystemSettings
    __call__ = tf.autograph.experimental.do_not_convert(keras.Model.__call__)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "measure" in vars(cls):  # also returns metrics of the link, such as `bler`
            cls.measure = with_link_figures(cls.measure)

    def __init__(
        self,
        *,
        link: Link | MIMOChannel,
        snr_db: float | Sequence[float],
        name: str | None = None,
        **settings: Any,
    ) -> None:
        chosen = validated(self.settings_class, settings)
        super().__init__(name=name or chosen.kind or None)
        self.settings = chosen
        self._link_weights = LinkWeights()
        self._phase = _Phase()
        if {self.compute_dtype, self.variable_dtype} != {"float32"}:
            raise ValueError(
                "Systems compute in single precision: "
                "call `keras.config.set_dtype_policy('float32')`. "
                f"Received: {self.dtype_policy.name}"
            )
        self.link = link
        self.further_metrics: tuple[MetricSettings, ...] = ()
        self._snr_range = snr_range(snr_db)
        self.last_snr_db = tf.Variable(0.0, trainable=False)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        low, high = self._snr_range
        return {
            "link": serialized(self.link, "link"),
            "snr_db": low if low == high else [low, high],
            **super().get_config(),
        }

    @classmethod
    def from_data(cls: Any, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the system from ``settings`` for the shapes of ``data``."""
        return cls(data.shapes, **crossed, **settings.options)

    @property
    def link(self) -> Any:
        """Link for the symbols. A new link takes effect immediately, also after training.

        Its weights replace the weights of the previous link. If one of both links has weights, the
        state of the optimizer is reset, except for the step number.
        """
        return self._link

    @link.setter
    def link(self, link: Link | MIMOChannel) -> None:
        if link is not getattr(self, "_link", None):
            self._link = check_link(link)
            self._forget_graphs()
        self._adopt_link_weights()

    @property
    def structure(self) -> tuple[Hashable, ...]:
        """State of the system, other than weights, that a graph depends on."""
        judges = tuple(self.recognizers.items())
        ways = getattr(self, "mode", None), getattr(self, "transmitters", None)
        return self.link, *ways, judges, tuple(map(_hashable, self.further_metrics))

    @property
    def aggregates(self) -> Mapping[str, Callable[..., float]]:
        """Metrics of the link that are functions of means over all samples."""
        return dict(self.link.aggregates) if isinstance(self.link, DrawnPart) else {}

    @contextmanager
    def over(self, link: Link) -> Iterator[None]:
        """Use ``link``, which has no weights, in a `with` block; afterwards nothing has changed."""
        own, self._link = self._link, link
        try:
            yield
        finally:
            self._link = own

    def _adopt_link_weights(self) -> None:
        """Replace the weights of the previous link by the weights of the current link."""
        if self._link_weights.hold(self._link, self):
            self._forget_graphs()
            self._complete_link()
            self._renew_optimizer()

    def _complete_link(self) -> None:
        """Build layers of the link that create their weights in the first call."""
        size = getattr(self, "num_symbols", None)
        if self.built and size and not self._link_weights.complete:
            self.link(tf.ones([1, size], tf.complex64), tf.constant(1.0))

    def _renew_optimizer(self) -> None:
        """Replace an optimizer of other weights and keep its step number."""
        old = getattr(self, "optimizer", None)
        if old is None or not old.built:
            return
        known = {id(variable) for variable in old._trainable_variables}
        if known != {id(variable) for variable in self.trainable_variables}:
            self.optimizer = type(old).from_config(old.get_config())
            self.optimizer.build(self.trainable_variables)
            self.optimizer.iterations.assign(old.iterations)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, and update the weights of the link if the model is built."""
        super().__setattr__(name, value)
        if name == "built" and value:
            self._complete_link()

    def _forget_graphs(self) -> None:
        """Make Keras trace training, evaluation and prediction again."""
        self.train_function = self.test_function = self.predict_function = None

    def fit(self, x: Any, *, callbacks: Iterable[Any] | None = None, **kwargs: Any) -> Any:
        """Train like :meth:`keras.Model.fit`, and stop if the loss is not finite.

        After the training, a link that was trained with the system measures the noise that it
        reports.
        """
        given = [*(callbacks or ())]
        if not any(isinstance(one, CalibrateLink) for one in given):
            given.append(CalibrateLink())
        return super().fit(x, callbacks=[*given, StopOnNonFiniteLoss()], **kwargs)

    def calibrate_link(self) -> None:
        """Let the link measure the noise that it reports, if it has trained weights."""
        if isinstance(self.link, Link) and self._link_weights.trainable_weights:
            self.link.calibrate()

    @property
    def link_weights(self) -> list[keras.Variable]:
        """Weights of the model that belong to its link."""
        return list(self._link_weights.weights)

    def make_train_function(self, force: bool = False) -> Any:
        """Create the training function like :meth:`keras.Model.make_train_function`.

        The variables of the optimizer are created first, because a graph that creates variables is
        traced twice.
        """
        default = keras.layers.Layer.build  # creates no weights
        layers = self._flatten_layers()
        built = all(layer.built or type(layer).build is default for layer in layers)
        if built and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        return super().make_train_function(force)

    def compile(self, *args: Any, jit_compile: bool | str = False, **kwargs: Any) -> None:
        """Compile like :meth:`keras.Model.compile`, in graph mode by default.

        XLA slows down complete training steps on CPUs, and not all links compile with XLA. A system
        defines its own loss and metrics, so other losses and metrics raise an error.
        """
        self._adopt_link_weights()  # layers may have been added to the link
        super().compile(*args, jit_compile=jit_compile, **kwargs)

    def snr_offset_db(self, axis: str) -> float:
        """SNR [dB] minus the value along ``axis``, as reported by the link."""
        return 0.0 if axis == "snr_db" else float(self.link.snr_offset_db(axis))

    def noise_power(self, snr_db: tf.Tensor | float | None = None) -> tf.Tensor:
        """Noise power at ``snr_db``, or at an SNR drawn from the training range."""
        low, high = self._snr_range
        if snr_db is None:
            snr_db = config.tf_rng.uniform([], low, high) if low < high else low
        elif tf.get_static_value(snr_db) is not None:
            check_snr(float(tf.get_static_value(snr_db)))
        snr_db = tf.cast(snr_db, tf.float32)
        self.last_snr_db.assign(snr_db)
        return tf.pow(10.0, -snr_db / 10.0)

    def summary(self, data: Iterable[Any] | None = None, **kwargs: Any) -> Any:
        """Metrics that do not depend on the SNR, see :meth:`static_metrics`.

        Without ``data``, print the layers like :meth:`keras.Model.summary`.
        """
        return super().summary(**kwargs) if data is None else self.static_metrics(data)

    def channel_uses(self, batch: int) -> int:
        """Channel uses of a batch, with pilots and padding."""
        return int(self.link.channel_uses(self.num_symbols, batch))

    def static_metrics(self, data: Iterable[Any]) -> dict[str, float]:
        """Metrics that do not depend on the SNR, on batches of ``data``.

        ``channel_uses`` per sample, including pilots and padding, for batches of the size of the
        first batch; ``bandwidth_ratio``; ``parameters``. Systems without
        ``num_symbols`` and ``shapes`` define other metrics.
        """
        size = len(next(iter(next(iter(data)).values())))
        uses = self.channel_uses(size) / size
        return {
            "channel_uses": uses,
            "bandwidth_ratio": metrics.bandwidth_ratio(uses, self.shapes),
            "parameters": self.count_params(),
        }

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Training loss of a batch, without losses of layers."""
        raise TypeError(f"{type(self).__name__} has no loss to be trained on")

    def total_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Training loss of a batch, including losses of layers (regularization, activity)."""
        loss = self.batch_loss(inputs, training)
        for added in self.losses:
            loss += added
        if self._loss_tracker is not None:  # set by compile
            self._loss_tracker.update_state(loss)
        return loss

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of gradient descent on a batch."""
        inputs = keras.utils.unpack_x_y_sample_weight(data)[0]
        with tf.GradientTape() as tape:
            loss = self._phase(run=lambda: self.total_loss(inputs, True), training=True)
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Losses on a batch, at SNRs drawn as in training."""
        inputs = keras.utils.unpack_x_y_sample_weight(data)[0]
        self._phase(run=lambda: self.total_loss(inputs, False), training=False)
        return self.get_metrics_result()


def _hashable(metric: Any) -> Hashable:
    """Key of a metric, whose settings may contain lists. Measuring raises an error for others."""
    known = isinstance(metric, MetricSettings)
    return (type(metric), metric.model_dump_json()) if known else metric


class _Phase(keras.layers.Layer):
    """Passes ``training`` to all layers in ``run``, including the layers of a link."""

    def __init__(self) -> None:
        super().__init__(name="phase")
        self.built = True

    def call(self, run: Callable[[], tf.Tensor], training: bool = False) -> tf.Tensor:
        """Run."""
        return run()
