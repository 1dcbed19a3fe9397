# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.mapping import SlotPacker


def random_symbols(batch, num_symbols):
    return tf.complex(*tf.unstack(tf.random.normal([2, batch, num_symbols])))


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (5, 4), (6, 4), (3, 12), (2, 30)])
def test_unpacking_undoes_packing(compiled, shape, separate):
    packer, symbols = SlotPacker(capacity=12, seed=3), random_symbols(*shape)
    slots = compiled(lambda x: packer.pack(x, separate))(symbols)
    assert slots.shape == [packer.num_slots(*shape, separate), 12]
    np.testing.assert_array_equal(packer.unpack(slots, *shape, separate), symbols)
    power = packer.unpack(tf.abs(slots), *shape, separate)
    np.testing.assert_array_equal(power, tf.abs(symbols))


@pytest.mark.parametrize(
    ("separate", "expected"), [(False, -(-7 * 5 // 12)), (True, 7)], ids=["shared", "separate"]
)
def test_slots_are_counted_with_their_padding(separate, expected):
    assert SlotPacker(12).num_slots(7, 5, separate) == expected


def test_batch_may_be_unknown_until_the_graph_runs():
    packer = SlotPacker(12)

    @tf.function(input_signature=[tf.TensorSpec([None, 5], tf.complex64)])
    def there_and_back(x):
        return packer.unpack(packer.pack(x), tf.shape(x)[0], 5)

    for batch in (1, 9):
        symbols = random_symbols(batch, 5)
        np.testing.assert_array_equal(there_and_back(symbols), symbols)


def test_separate_rows_never_meet():
    symbols = tf.cast(tf.repeat([[1.0], [2.0], [3.0]], 20, axis=1), tf.complex64)
    slots = SlotPacker(capacity=16).pack(symbols, separate=True).numpy()
    rows = [set(np.abs(pair).ravel().round(5)) for pair in np.split(slots, 3)]
    assert rows == [{1.0}, {2.0, 1.0}, {3.0, 1.0}]


def test_a_row_spreads_over_its_slot_as_random_positions_do():
    capacity, length, blocks = 1728, 8, 12
    rows = np.repeat(np.arange(capacity // length), length).reshape(-1, length)
    slot = SlotPacker(capacity).pack(tf.constant(rows, tf.complex64))
    slot = np.real(slot).reshape(blocks, -1)
    touched = np.mean([np.any(slot == row, axis=1).sum() for row in range(len(rows))])
    assert touched == pytest.approx(blocks * (1 - (1 - 1 / blocks) ** length), rel=0.05)


def test_a_separate_row_keeps_the_place_it_would_have_among_others():
    packer, symbols = SlotPacker(capacity=20), random_symbols(7, 3)
    shared = packer.pack(symbols).numpy()
    separate = packer.pack(symbols, separate=True).numpy()
    for row, slot in zip(symbols.numpy(), separate, strict=True):
        own = np.isin(slot, row)
        assert own.sum() == 3
        together = np.any(shared[:, own] == slot[own], axis=0)
        assert together.all()


def test_padding_has_unit_power_and_no_mean():
    slots = SlotPacker(capacity=4000).pack(tf.zeros([1, 1], tf.complex64))[0].numpy()
    padding = slots[slots != 0]
    np.testing.assert_allclose(np.abs(padding), 1.0, rtol=1e-6)
    assert len(padding) == 3999
    assert abs(padding.mean()) < 4 / np.sqrt(3999)


def test_seed_decides_the_permutation():
    row = tf.constant(np.arange(50)[np.newaxis], tf.complex64)
    slots = [SlotPacker(50, seed).pack(row).numpy() for seed in (0, 0, 1)]
    assert np.array_equal(slots[0], slots[1])
    assert not np.array_equal(slots[0], slots[2])


def test_capacity_must_be_positive():
    with pytest.raises(ValueError, match=r"`capacity` must be at least 1. Received: 0"):
        SlotPacker(0)
