# SPDX-License-Identifier: Apache-2.0
"""Two-stage variational information bottleneck."""
