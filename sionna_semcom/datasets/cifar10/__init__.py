# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10: small color images of ten classes."""
