# SPDX-License-Identifier: Apache-2.0
"""OFDM slots over the 3GPP TR 38.901 channel models."""
