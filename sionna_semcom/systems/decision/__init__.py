# SPDX-License-Identifier: Apache-2.0
"""Systems that decide at the receiver."""
