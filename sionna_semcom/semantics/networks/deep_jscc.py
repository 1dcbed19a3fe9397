# SPDX-License-Identifier: Apache-2.0
"""Convolutional encoder and decoder of DeepJSCC for images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
from keras import layers

KERNEL = 5


def deep_jscc_encoder(
    shape: Sequence[int],
    num_symbols: int,
    filters: Sequence[int] = (16, 32, 32, 32),
    strides: Sequence[int] = (2, 2, 1, 1, 1),
) -> keras.Sequential:
    r"""Encode images ``[batch, height, width, channels]`` to ``[batch, 2 * num_symbols]``.

    Convolutions with 5 x 5 pixels and PReLU. The last convolution has as many filters as
    ``num_symbols`` complex numbers require at its :math:`h \times w` positions:
    :math:`c = 2k/(hw)`. The power is not normalized.

    Source: Bourtsoulatze et al., "Deep Joint Source-Channel Coding for Wireless Image
    Transmission", 2019, figure 2. The strides may differ from those of the paper.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of a sample, without the batch axis
    num_symbols : `int`
        Number of complex symbols :math:`k`
    filters : sequence of `int`
        Filters of all convolutions but the last one
    strides : sequence of `int`
        Strides of all convolutions

    Output
    ------
    : `keras.Sequential`
        Encoder

    Raises
    ------
    ValueError
        If there is not one stride per convolution, or no number of filters gives ``num_symbols``
    """
    *_, last = sizes_after(shape, strides)
    widths = (*filters, _last_filters(last, num_symbols, filters, strides))
    body: list[keras.Layer] = [layers.Input(tuple(shape))]
    for width, stride in zip(widths, strides, strict=True):
        body.append(layers.Conv2D(width, KERNEL, strides=stride, padding="same"))
        body.append(_prelu())
    return keras.Sequential([*body, layers.Flatten()], name="deep_jscc_encoder")


def deep_jscc_decoder(
    shape: Sequence[int],
    num_symbols: int,
    filters: Sequence[int] = (16, 32, 32, 32),
    strides: Sequence[int] = (2, 2, 1, 1, 1),
    initial_value: float = 0.5,
) -> keras.Sequential:
    r"""Decode ``[batch, 2 * num_symbols]`` to images of ``shape`` in [0, 1].

    Transposed convolutions with the strides of :func:`deep_jscc_encoder` in reverse order, PReLU,
    and a sigmoid at the end. Outputs that are larger than the input of the mirrored convolution,
    whose size is not a multiple of its stride, are cropped.

    The bias of the last convolution is initially :math:`\ln\frac{v}{1-v}`, so that the pixels of
    the first reconstructions are about :math:`v` (``initial_value``). If it is far from the mean of
    the images, the first steps of training can saturate the sigmoid, and all outputs stay black.

    Source: as :func:`deep_jscc_encoder`, except for the initial bias.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of a sample, without the batch axis
    num_symbols : `int`
        Number of complex symbols
    filters : sequence of `int`
        Filters of all convolutions of the encoder but the last one
    strides : sequence of `int`
        Strides of all convolutions of the encoder
    initial_value : `float`
        Value of the pixels before training, in (0, 1)

    Output
    ------
    : `keras.Sequential`
        Decoder

    Raises
    ------
    ValueError
        As :func:`deep_jscc_encoder`, or if ``initial_value`` is not in (0, 1)
    """
    if not 0.0 < initial_value < 1.0:
        raise ValueError(f"`initial_value` must lie in (0, 1). Received: {initial_value}")
    *before, last = sizes_after(shape, strides)
    width = _last_filters(last, num_symbols, filters, strides)
    body: list[keras.Layer] = [layers.Input((2 * num_symbols,)), layers.Reshape((*last, width))]
    size = last
    for index in reversed(range(len(strides))):
        outputs = filters[index - 1] if index else shape[-1]
        bias = 0.0 if index else math.log(initial_value / (1.0 - initial_value))
        body.append(
            layers.Conv2DTranspose(
                outputs,
                KERNEL,
                strides=strides[index],
                padding="same",
                bias_initializer=keras.initializers.Constant(bias),
            )
        )
        surplus = [
            length * strides[index] - wanted
            for length, wanted in zip(size, before[index], strict=True)
        ]
        if any(surplus):
            body.append(layers.Cropping2D([(0, excess) for excess in surplus]))
        size = before[index]
        body.append(_prelu() if index else layers.Activation("sigmoid"))
    return keras.Sequential(body, name="deep_jscc_decoder")


def sizes_after(shape: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """Height and width of an image before and after each convolution with ``strides``."""
    sizes = [(int(shape[0]), int(shape[1]))]
    for stride in strides:
        height, width = sizes[-1]
        sizes.append((math.ceil(height / stride), math.ceil(width / stride)))
    return sizes


def check_strides(filters: Sequence[int], strides: Sequence[int]) -> None:
    """Check that each convolution has a stride.

    Raises
    ------
    ValueError
        If there is not one stride more than there are ``filters``
    """
    if len(strides) != len(filters) + 1:
        raise ValueError(
            "`strides` must have one number for each of `filters` and one for the last "
            f"convolution. Received: {len(strides)} strides, {len(filters)} filters"
        )


def _last_filters(
    size: tuple[int, int], num_symbols: int, filters: Sequence[int], strides: Sequence[int]
) -> int:
    """Filters of the last convolution."""
    check_strides(filters, strides)
    positions = size[0] * size[1]
    if 2 * num_symbols % positions:
        raise ValueError(
            f"`num_symbols` must be a multiple of {positions / math.gcd(2, positions):g}, because "
            f"the last convolution has {size[0]} x {size[1]} positions. Received: {num_symbols}"
        )
    return 2 * num_symbols // positions


def _prelu() -> layers.PReLU:
    """PReLU with one slope per filter, initialized as in its paper (He et al., 2015)."""
    return layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25), shared_axes=[1, 2])
