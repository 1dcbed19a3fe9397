# SPDX-License-Identifier: Apache-2.0
"""Digits as pictures, recordings and words."""
