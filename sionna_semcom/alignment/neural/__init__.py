# SPDX-License-Identifier: Apache-2.0
"""Neural precoders and decoders."""
