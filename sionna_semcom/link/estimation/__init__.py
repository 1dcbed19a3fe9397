# SPDX-License-Identifier: Apache-2.0
"""Channel estimates inside a link whose error is learned, and networks that refine them."""
