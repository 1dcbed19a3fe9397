# SPDX-License-Identifier: Apache-2.0
"""Keras encoders, decoders and layers of semantic communication."""

from .layers.augmentations import RandomAffine, default_augmentation
from .layers.discriminators import PairDiscriminators
from .layers.gaussian_bottleneck import GaussianBottleneck
from .layers.gradient_reversal import GradientReversal
from .layers.receiver_state import ReceiverState
from .modality import Modality, modalities
from .networks.autoencoders import (
    image_decoder,
    image_encoder,
    spectrogram_decoder,
    spectrogram_encoder,
    text_decoder,
    text_encoder,
)
from .networks.deep_jscc import deep_jscc_decoder, deep_jscc_encoder
from .networks.feature_encoder import FeatureEncoder
from .networks.feature_tokens import FeatureTokens
from .networks.fusion import ClassAttention, MultimodalFusion
from .networks.image_networks import plain_encoder, residual_encoder, token_encoder
from .networks.latent_fusion import LatentFusion
from .networks.token_encoders import EncoderTokens, default_tokens
from .networks.transformer import SequenceEncoder, TransformerBlock
from .source_coding.h264 import H264Stream, h264_decode, h264_encode, h264_fit
from .source_coding.image_codec import CodedImages, ImageCodec
from .source_coding.range_coding import RangeCode
from .source_coding.transform_coder import SourceCoded, TransformCoder
from .task import Task

__all__ = [
    "ClassAttention",
    "CodedImages",
    "EncoderTokens",
    "FeatureEncoder",
    "FeatureTokens",
    "GaussianBottleneck",
    "GradientReversal",
    "H264Stream",
    "ImageCodec",
    "LatentFusion",
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
    "deep_jscc_decoder",
    "deep_jscc_encoder",
    "default_augmentation",
    "default_tokens",
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
]
