# SPDX-License-Identifier: Apache-2.0
"""Keras encoders, decoders and layers of semantic communication."""

from .augmentations import RandomAffine, usual_augmentation
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
from .fusion import ClassAttention, MultimodalFusion
from .gaussian_bottleneck import GaussianBottleneck
from .gradient_reversal import GradientReversal
from .h264 import H264Stream, h264_decode, h264_encode, h264_fit
from .image_networks import plain_encoder, residual_encoder, token_encoder
from .modality import Modality, modalities
from .range_coding import RangeCode
from .receiver_state import ReceiverState
from .source_coding import SourceCoded, TransformCoder
from .task import Task
from .token_encoders import EncoderTokens, usual_tokens
from .transformer import SequenceEncoder, TransformerBlock

__all__ = [
    "ClassAttention",
    "EncoderTokens",
    "FeatureEncoder",
    "FeatureTokens",
    "GaussianBottleneck",
    "GradientReversal",
    "H264Stream",
    "Modality",
    "MultimodalFusion",
    "PairDiscriminators",
    "RandomAffine",
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
    "token_encoder",
    "usual_augmentation",
    "usual_tokens",
]
