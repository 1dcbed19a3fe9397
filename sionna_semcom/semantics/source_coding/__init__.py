# SPDX-License-Identifier: Apache-2.0
"""Source coding of the conventional baseline."""
