# SPDX-License-Identifier: Apache-2.0
"""Aligners of the literature, which translate latents without regard to a channel."""
