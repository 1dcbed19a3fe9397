# SPDX-License-Identifier: Apache-2.0
"""Frequency responses of the 3GPP channel models, newly drawn or from a pool."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy import PI
from sionna.phy.channel import ChannelModel, subcarrier_frequencies
from sionna.phy.channel.tr38901 import CDL, TDL, AntennaArray, RMa, UMa, UMi
from sionna.phy.ofdm import ResourceGrid

from ..noise import energy
from .cluster_response import ClusterResponse
from .drops import drop_users
from .interference import InterferenceFloor, drop_interference, interference_floor
from .ray_offsets import correct_ray_offsets
from .settings import DEFAULT_DROPS, SYSTEM_LEVEL_MODELS, SlotSettings
from .source import CHUNK as CHUNK
from .source import SlotSource, chunk_sizes

_SYSTEM_LEVEL = {"UMi": UMi, "UMa": UMa, "RMa": RMa}


def antenna_row(
    num_ant: int, pattern: str, carrier_frequency: float, precision: str | None = None
) -> AntennaArray:
    """One row of half-wavelength spaced cross-polarized pairs; vertical elements if odd."""
    if num_ant % 2:
        polarization, kind, columns = "single", "V", num_ant
    else:
        polarization, kind, columns = "dual", "cross", num_ant // 2
    return AntennaArray(
        1, columns, polarization, kind, pattern, carrier_frequency, precision=precision
    )


def channel_model(settings: SlotSettings) -> ChannelModel:
    """Sionna's model of the channel impulse response.

    Path loss and shadowing of a system-level model are disabled, because the SNR is a parameter,
    unless there is a link budget or there are several terminals. The model has no topology yet (see
    `drop_users`).
    """
    family, fc, budget = settings.model[:3], settings.carrier_frequency, settings.link_budget
    if family == "TDL":
        return TDL(
            settings.model[-1],
            settings.delay_spread,
            fc,
            min_speed=settings.speed,
            num_rx_ant=settings.num_rx_ant,
            num_tx_ant=settings.num_tx_ant,
            precision=settings.precision,
        )
    uplink = settings.direction == "uplink"
    terminal, base = settings.num_tx_ant, settings.num_rx_ant
    if not uplink:
        terminal, base = base, terminal
    kinds = (terminal, "omni"), (base, "38.901")
    arrays = [antenna_row(*kind, fc, settings.precision) for kind in kinds]
    if family == "CDL":
        return CDL(
            settings.model[-1],
            settings.delay_spread,
            fc,
            *arrays,
            settings.direction,
            min_speed=settings.speed,
            precision=settings.precision,
        )
    o2i = {} if family == "RMa" else {"o2i_model": "low"}
    model = _SYSTEM_LEVEL[settings.model](
        carrier_frequency=fc,
        ut_array=arrays[0],
        bs_array=arrays[1],
        direction=settings.direction,
        enable_pathloss=settings.path_loss or budget is not None,
        enable_shadow_fading=settings.path_loss or (budget is not None and budget.shadowing),
        precision=settings.precision,
        **o2i,
    )
    correct_ray_offsets(model)
    return model


def path_response(a: tf.Tensor, tau: tf.Tensor, frequencies: tf.Tensor) -> tf.Tensor:
    r"""Frequency response of paths.

    .. math:: h_{t,n} = \sum_p a_{p,t}\, e^{-j 2\pi f_n \tau_p}

    The result equals that of :func:`~sionna.phy.channel.cir_to_ofdm_channel`, which computes the
    response of each path on each resource element before the sum, and takes half of the time of a
    CDL channel. Here, the sum is a matrix product.

    Input
    -----
    a : [num_slots, num_rx, num_rx_ant, num_tx, num_tx_ant, num_paths, num_ofdm_symbols],
        `tf.complex`
        Path coefficients

    tau : [num_slots, num_rx, num_tx, num_paths], `tf.float`
        Path delays [s]

    frequencies : [fft_size], `tf.float`
        Frequencies of the subcarriers [Hz], relative to the carrier

    Output
    ------
    : [num_slots, num_rx, num_rx_ant, num_tx, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses
    """
    phases = -2.0 * PI * tau[:, :, tf.newaxis, :, tf.newaxis, :, tf.newaxis] * frequencies
    rotations = tf.complex(tf.cos(phases), tf.sin(phases))
    return tf.matmul(a, rotations, transpose_a=True)


def frequency_response(a: tf.Tensor, tau: tf.Tensor, frequencies: tf.Tensor) -> tf.Tensor:
    """`path_response` with unit mean energy over antennas and resource elements."""
    h = path_response(a, tau, frequencies)
    mean = tf.math.real(h * tf.math.conj(h))
    mean = tf.reduce_mean(mean, axis=[2, 4, 5, 6], keepdims=True)
    return tf.math.divide_no_nan(h, tf.cast(tf.sqrt(mean), h.dtype))


def received(x: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """Received signal of one receiver for a grid ``x`` over the channel ``h``, without noise.

    The result equals that of :class:`~sionna.phy.channel.ApplyOFDMChannel`, which computes the
    products of all streams before their sum.

    Input
    -----
    x : [num_slots, 1, num_streams, num_ofdm_symbols, fft_size], `tf.complex`
        Transmitted signal

    h : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, fft_size], `tf.complex`
        Channel

    Output
    ------
    : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Received signal
    """
    streams = range(h.shape[4])
    return tf.add_n([h[:, :, :, 0, one] * x[:, :, tf.newaxis, one] for one in streams])


def slot_energy(h: tf.Tensor) -> tf.Tensor:
    """Mean energy of a coefficient in each slot of a grid ``h`` of rank 7: [num_slots].

    The result is one for a slot without energy, so that division by it is safe.
    """
    mean = tf.reduce_mean(energy(h), axis=[1, 2, 3, 4, 5, 6])
    return tf.where(mean > 0, mean, 1.0)


def in_units(tensor: tf.Tensor, unit: tf.Tensor) -> tf.Tensor:
    """Divide ``tensor`` [num_slots or 1, ...] by the unit [num_slots] of each slot."""
    unit = tf.reshape(unit, [-1, *[1] * (tensor.shape.rank - 1)])
    return tensor / tf.cast(unit, tensor.dtype)


class SlotChannel(SlotSource):
    r"""Draws the channel of independent slots, each with unit mean energy.

    .. math:: \frac{1}{N_R N_T T F} \sum_{r,t,s,n} |h_{r,t,s,n}|^2 = 1

    With a link budget, slots are in physical units, including path loss and shadowing.

    With a pool, realizations are drawn once, in chunks and outside of the graph, and each call
    selects slots at random with replacement. System-level models require a pool, because their
    topology in Sionna has a fixed batch size.

    Parameters
    ----------
    settings : `SlotSettings`
        Channel model, antennas and size of the pool

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    Input
    -----
    num_slots : `int` or [], `tf.int32`
        Slots to draw

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses
    """

    def __init__(self, settings: SlotSettings, resource_grid: ResourceGrid) -> None:
        super().__init__(precision=settings.precision)
        self._settings = settings
        self._model = channel_model(settings)
        self._times = resource_grid.num_ofdm_symbols, 1.0 / resource_grid.ofdm_symbol_duration
        self._frequencies = subcarrier_frequencies(
            resource_grid.fft_size, resource_grid.subcarrier_spacing, precision=self.precision
        )
        self._response: ClusterResponse | None = None
        if isinstance(self._model, CDL):
            self._response = ClusterResponse(self._model, self._frequencies, self.precision)
        self.has_unit_energy = settings.link_budget is None
        self._pool: tf.Variable | None = None
        self._interferers: tf.Variable | None = None
        self.drop_interference: list[np.ndarray] = []  # of the pool of a system-level model
        if settings.realizations is not None:
            own, others = self._draw_pool(settings.realizations)
            self._pool = tf.Variable(own, trainable=False)
            if settings.num_interferers:
                self._interferers = tf.Variable(others, trainable=False)

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        if self._pool is None:
            return self._generate(num_slots)
        return self.kept(self.random_rows(num_slots))

    @property
    def num_kept(self) -> int | None:
        """Size of the pool, or `None` if each slot draws its own."""
        return None if self._pool is None else self._pool.shape[0]

    def kept(self, rows: tf.Tensor) -> tf.Tensor:
        """Frequency responses of the slots ``rows`` of the pool."""
        return tf.gather(self._pool, rows)

    @property
    def pool(self) -> tf.Tensor | None:
        """Realizations of the pool, or `None` if each slot draws its own."""
        return None if self._pool is None else self._pool.value()

    def interferers(self, numbers: tf.Tensor) -> tf.Tensor | None:
        """Channels of interfering terminals in the drops ``numbers`` of the pool."""
        return None if self._interferers is None else tf.gather(self._interferers, numbers)

    def seen(self) -> tf.Tensor:
        """The pool, or as many slots as the default pool, with unit mean energy."""
        slots = self(DEFAULT_DROPS) if self._pool is None else self._pool.value()
        return slots if self.has_unit_energy else in_units(slots, tf.sqrt(slot_energy(slots)))

    @property
    def interference(self) -> InterferenceFloor:
        """Interference that the model of one matrix per resource element neglects."""
        return interference_floor(self._settings, self.drop_interference)

    def fresh(self, num_slots: int) -> tf.Tensor:
        """Slots that the pool does not hold."""
        if self._pool is None:
            return super().fresh(num_slots)
        floor, (slots, _) = self.drop_interference, self._draw_pool(num_slots)
        self.drop_interference = floor  # that of the pool
        return slots

    def redraw(self) -> None:
        """Fill the pool with new realizations, also for graphs that were traced before."""
        if self._pool is not None:
            own, others = self._draw_pool(self._pool.shape[0])
            self._pool.assign(own)
            if self._interferers is not None:
                self._interferers.assign(others)

    def _generate(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        if self._response is not None:
            return self._response(num_slots, *self._times)
        a, tau = self._model(num_slots, *self._times)
        if self._settings.model in SYSTEM_LEVEL_MODELS:
            own = a[:, :, :, :1], tau[:, :, :1]
            self.drop_interference.append(drop_interference(self._settings, *own))
        response = frequency_response if self.has_unit_energy else path_response
        return response(a, tau, self._frequencies)

    def _draw_pool(self, size: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw ``size`` drops and the channels of their interferers."""
        self.drop_interference = []
        drops = tf.concat([self._draw_chunk(chunk) for chunk in chunk_sizes(size)], axis=0)
        antennas = (drops.shape[3] - 1) * drops.shape[4]
        others = tf.reshape(drops[:, :, :, 1:], [*drops.shape[:3], 1, antennas, *drops.shape[5:]])
        return drops[:, :, :, :1], others

    def _draw_chunk(self, size: int) -> tf.Tensor:
        if self._settings.model in SYSTEM_LEVEL_MODELS:
            drop_users(self._model, self._settings, size)
        return self._generate(size)
