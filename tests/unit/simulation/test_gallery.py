# SPDX-License-Identifier: Apache-2.0
"""Pictures show every modality, class and SNR."""

import matplotlib.pyplot as plt
import pytest

from sionna_semcom.datasets import Digits
from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import modalities
from sionna_semcom.simulation import latent_space_figure, reconstruction_figure
from sionna_semcom.systems import CentroidSystem


@pytest.fixture(scope="module")
def digits():
    return Digits()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("latent_dim", [3, 6])
def test_latent_space_shows_every_embedding(digits, latent_dim):
    system = CentroidSystem(modalities(digits.shapes, latent_dim), AWGNLink())
    axis = latent_space_figure(system, next(iter(digits.test(20)))).axes[0]
    clouds = {cloud.get_label(): len(cloud.get_offsets()) for cloud in axis.collections}
    assert clouds == {"image": 20, "audio": 20, "text": 20}


def test_latents_need_three_dimensions(digits):
    system = CentroidSystem(modalities(digits.shapes, 2), AWGNLink())
    with pytest.raises(ValueError, match=r"3 dimensions or more. Received: 2"):
        latent_space_figure(system, next(iter(digits.test(20))))


def test_reconstructions_show_originals_and_every_snr(digits):
    system = CentroidSystem(modalities(digits.shapes, 4), AWGNLink())
    figure = reconstruction_figure(system, next(iter(digits.test(10))), [0.0, float("inf")], 5)
    assert len(figure.axes) == 2 * 3 * 5
    rows = [axis.get_ylabel() for axis in figure.axes if axis.get_ylabel()]
    assert rows[:3] == ["image\noriginal", "image\n0 dB", "image\nnoiseless"]
