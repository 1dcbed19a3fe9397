# SPDX-License-Identifier: Apache-2.0
"""Encoders, decoders and fusion networks."""
