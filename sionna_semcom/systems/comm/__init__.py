# SPDX-License-Identifier: Apache-2.0
"""CoMM: contrastive multimodal learning."""
