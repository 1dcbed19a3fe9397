# SPDX-License-Identifier: Apache-2.0
"""Systems with a decision at the receiver."""
