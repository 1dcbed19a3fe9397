# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from scipy.linalg import null_space, polar, subspace_angles
from sionna.phy.utils import complex_normal

from sionna_semcom.link.multiuser.precoding import block_diagonal_matrix, orthonormalized


def test_closest_matrix_with_orthonormal_columns_is_scipys_polar_factor():
    matrices = complex_normal([20, 6, 2])
    expected = np.stack([polar(one)[0] for one in matrices.numpy()])
    np.testing.assert_allclose(orthonormalized(matrices), expected, atol=1e-4)


def test_block_diagonalization_leaves_other_users_nothing():
    h = complex_normal([30, 4, 8])
    g = block_diagonal_matrix(h, 2).numpy()
    seen = h.numpy() @ g
    assert np.abs(seen[:, :2, 2:]).max() < 1e-3
    assert np.abs(seen[:, 2:, :2]).max() < 1e-3
    np.testing.assert_allclose(np.sum(np.abs(g) ** 2, axis=(1, 2)), 1.0, rtol=1e-4)
    own = g[:, :, :2]
    gram = own.conj().swapaxes(1, 2) @ own
    np.testing.assert_allclose(gram, np.tile(np.eye(2) / 4, [30, 1, 1]), atol=1e-4)


def test_beams_span_what_of_the_own_channel_others_do_not_see():
    """Block diagonalization by its definition with null spaces and singular vectors."""
    h = complex_normal([10, 4, 8])
    g = block_diagonal_matrix(h, 2).numpy()
    for one, beams in zip(h.numpy(), g, strict=True):
        free = null_space(one[2:])
        strongest = free @ np.linalg.svd(one[:2] @ free)[2].conj().T[:, :2]
        assert subspace_angles(strongest, beams[:, :2]).max() < 1e-3


def test_single_antennas_get_zero_forcing_beams_of_equal_power():
    h = complex_normal([10, 3, 5])
    inverse = np.linalg.pinv(h.numpy())
    expected = inverse / np.linalg.norm(inverse, axis=1, keepdims=True) / 3**0.5
    np.testing.assert_allclose(block_diagonal_matrix(h, 3), expected, atol=1e-3)
