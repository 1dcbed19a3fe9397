# SPDX-License-Identifier: Apache-2.0
"""Training, weights and the store of trained models."""
