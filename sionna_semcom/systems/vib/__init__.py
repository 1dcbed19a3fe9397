# SPDX-License-Identifier: Apache-2.0
"""The two-stage variational information bottleneck."""
