# SPDX-License-Identifier: Apache-2.0
"""Keras encoders, decoders and layers of semantic communication."""

from .autoencoders import (
    image_decoder,
    image_encoder,
    spectrogram_decoder,
    spectrogram_encoder,
    text_decoder,
    text_encoder,
)
from .image_networks import plain_encoder, residual_encoder
from .modality import Modality, modalities
from .receiver_state import ReceiverState

__all__ = [
    "Modality",
    "ReceiverState",
    "image_decoder",
    "image_encoder",
    "modalities",
    "plain_encoder",
    "residual_encoder",
    "spectrogram_decoder",
    "spectrogram_encoder",
    "text_decoder",
    "text_encoder",
]
