# SPDX-License-Identifier: Apache-2.0
"""Chains of Sionna's tutorials transmit latents after a few changed lines, and bits as before."""

from __future__ import annotations

import importlib
from pathlib import Path
from runpy import run_path
from types import ModuleType

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import ChainLink

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "howto" / "sionna_tutorials.md"
MAKE = run_path(str(DOCS / "make_tutorials.py"))
SLOW = ("mimo_ofdm_time", "multi_user", "pusch")  # a time axis, or drops of several terminals
CHAINS = [
    pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
    for name in MAKE["NAMES"]
    if name != "neural_receiver"
]


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(str(MAKE["EXAMPLES"]))
    return importlib.import_module


def uplink(module: ModuleType, folder, **options) -> Block:
    if not hasattr(module, "write_responses"):
        return module.Uplink(**options)
    path = folder / f"{module.__name__}.h5"
    module.write_responses(path)
    return module.Uplink(path, **options)


def test_the_page_shows_the_differences_of_the_files():
    """``python docs/make_tutorials.py`` updates the page."""
    page = PAGE.read_text(encoding="utf-8")
    assert MAKE["fill"](page) == page
    assert page.count("```diff") == len(MAKE["NAMES"])


@pytest.mark.parametrize("name", MAKE["NAMES"])
def test_at_most_ten_lines_change(name):
    assert 0 < len(MAKE["changed"](name)) <= 10


@pytest.mark.parametrize("name", CHAINS)
def test_bits_are_decided_as_before(module, name, tmp_path):
    decided = []
    for one in (name, f"{name}_latents"):
        set_seed("pair")
        chain = uplink(module(one), tmp_path)
        set_seed("call")
        decided.append(chain(16, tf.constant(0.0)))
    (before, before_hat), (after, after_hat) = decided
    np.testing.assert_array_equal(after, before)
    if name != "cir_dataset":  # TensorFlow shuffles the file with threads of its own
        np.testing.assert_array_equal(after_hat, before_hat)
    assert 0 < np.mean(before_hat != before) < 0.4


def error_ratio(link: ChainLink, no: float, slots: int = 32) -> float:
    """Mean squared error of symbols divided by the mean of ``no_eff``."""
    users = [link.resource_grid.num_tx] if link.resource_grid.num_tx > 1 else []
    streams = link.resource_grid.num_streams_per_tx
    length = 48
    slots = link.settings.num_slots or slots
    batch = slots * streams * int(link.resource_grid.num_data_symbols) // length
    symbols = complex_normal([batch, *users, length])
    symbols_hat, no_eff = tf.function(link, autograph=False)(symbols, tf.constant(no))
    return float(np.mean(np.abs(symbols_hat - symbols) ** 2) / np.mean(no_eff))


@pytest.mark.parametrize("name", CHAINS)
def test_latents_have_the_error_that_no_eff_says(module, name, tmp_path):
    chain = uplink(module(f"{name}_latents"), tmp_path, perfect_csi=True)
    for no in (0.1, 0.01):
        assert error_ratio(chain.link, no) == pytest.approx(1.0, abs=0.06)


@pytest.mark.slow
def test_calibration_counts_what_least_squares_leaves_out(module):
    chain = module("mimo_ofdm_latents").Uplink()
    link = ChainLink(chain.send, chain.grid, calibration_slots=128)
    for no in (0.1, 0.01, 0.001):
        assert error_ratio(link, no, slots=128) == pytest.approx(1.0, abs=0.06)
    assert error_ratio(chain.link, 0.001, slots=128) > 1.2  # as Sionna reports it


@pytest.mark.slow
def test_a_neural_receiver_learns_symbols_and_their_noise(module):
    chain = module("neural_receiver_latents").Uplink()
    elements = int(chain.grid.num_data_symbols)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 300))

    @tf.function
    def step():
        x, no = complex_normal([16, 1, 1, elements]), tf.constant(0.1)
        with tf.GradientTape() as tape:
            x_hat, no_eff = chain.send(x, no)
            error = tf.abs(x_hat - x) ** 2
            loss = tf.reduce_mean(error / no_eff + tf.math.log(no_eff))
        weights = chain.latent_receiver.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    chain.send(complex_normal([2, 1, 1, elements]), tf.constant(0.1))  # makes the weights
    for _ in range(300):
        step()
    symbols = complex_normal([1200, 48])
    symbols_hat, no_eff = chain.link(symbols, 0.1)
    error = np.mean(np.abs(symbols_hat - symbols) ** 2)
    assert error < 0.15
    assert error / np.mean(no_eff) == pytest.approx(1.0, abs=0.1)
