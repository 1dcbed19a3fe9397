# SPDX-License-Identifier: Apache-2.0
"""Classifiers: judges of reconstructions and networks whose latents are aligned."""
