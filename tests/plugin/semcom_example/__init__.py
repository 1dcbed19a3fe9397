# SPDX-License-Identifier: Apache-2.0
"""Parts that a package of its own adds to sionna_semcom."""
