# SPDX-License-Identifier: Apache-2.0
"""Linear precoders and decoders: closed forms, iterations and baselines."""
