# SPDX-License-Identifier: Apache-2.0
"""Classifiers of reconstructions, and networks for latent-space alignment."""
