# SPDX-License-Identifier: Apache-2.0
"""Settings of token encoders, and the encoders that they build."""

import numpy as np

from sionna_semcom.semantics import FeatureTokens
from sionna_semcom.semantics.encoders import TokenEncoders


def test_only_pictures_of_one_shape_share_an_encoder():
    shapes = {"a": (8, 8, 1), "b": (16, 8, 1), "c": (8, 8, 1), "d": (5,)}
    tokens = TokenEncoders(shared=True, filters=[4]).build(shapes)
    assert list(tokens) == list(shapes)
    assert tokens["a"].encoder is tokens["c"].encoder is not tokens["b"].encoder
    assert isinstance(tokens["d"], FeatureTokens)
    batch = {
        name: np.random.default_rng(0).random((2, *shape), np.float32)
        for name, shape in shapes.items()
    }
    expected = tokens["a"].encoder(batch["c"])
    np.testing.assert_array_equal(tokens["c"](batch)[0], expected)
