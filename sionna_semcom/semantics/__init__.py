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
from .discriminators import PairDiscriminators
from .feature_encoder import FeatureEncoder
from .feature_tokens import FeatureTokens
from .gaussian_bottleneck import GaussianBottleneck
from .gradient_reversal import GradientReversal
from .h264 import H264Stream, h264_decode, h264_encode, h264_fit
from .image_networks import plain_encoder, residual_encoder
from .modality import Modality, modalities
from .range_coding import RangeCode
from .receiver_state import ReceiverState
from .source_coding import SourceCoded, TransformCoder
from .task import Task
from .transformer import SequenceEncoder, TransformerBlock

__all__ = [
    "FeatureEncoder",
    "FeatureTokens",
    "GaussianBottleneck",
    "GradientReversal",
    "H264Stream",
    "Modality",
    "PairDiscriminators",
    "RangeCode",
    "ReceiverState",
    "SequenceEncoder",
    "SourceCoded",
    "Task",
    "TransformCoder",
    "TransformerBlock",
    "h264_decode",
    "h264_encode",
    "h264_fit",
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
