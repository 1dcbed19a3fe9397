# SPDX-License-Identifier: Apache-2.0
"""Latent-space alignment over MIMO."""
