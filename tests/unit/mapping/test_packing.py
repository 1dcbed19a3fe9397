# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.ofdm import ResourceGrid, ResourceGridMapper

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


def grid(num_tx=1, num_streams=1):
    options = {"pilot_pattern": "kronecker", "pilot_ofdm_symbol_indices": [1]}
    return ResourceGrid(4, 12, 30e3, num_tx, num_streams, **options)


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize(("num_tx", "streams"), [(1, 1), (1, 2), (3, 2)])
@pytest.mark.parametrize("shape", [(5, 7), (2, 200)])
def test_slots_of_a_grid_have_the_shape_of_its_mapper(compiled, separate, num_tx, streams, shape):
    resource_grid = grid(num_tx, streams)
    packer = SlotPacker(resource_grid, seed=3)
    users = [] if num_tx == 1 else [num_tx]
    symbols = tf.reshape(
        random_symbols(shape[0], max(num_tx, 1) * shape[1]), [shape[0], *users, -1]
    )
    slots = compiled(lambda x: packer.pack(x, separate))(symbols)
    assert slots.shape == [packer.num_slots(*shape, separate), num_tx, streams, 36]
    assert ResourceGridMapper(resource_grid)(slots).shape[1:] == [num_tx, streams, 4, 12]
    np.testing.assert_array_equal(packer.unpack(slots, *shape, separate), symbols)


def test_symbols_of_a_transmitter_stay_with_it_as_a_packer_of_its_own_would_place_them():
    symbols = tf.reshape(random_symbols(5, 3 * 40), [5, 3, 40])
    slots = SlotPacker(grid(3, 2), seed=4).pack(symbols)
    for user in range(3):
        own = SlotPacker(2 * 36, seed=4).pack(symbols[:, user])
        np.testing.assert_array_equal(tf.reshape(slots[:, user], [-1, 72]), own)


def test_a_given_number_of_slots_is_filled_with_unit_power(compiled):
    packer, symbols = SlotPacker(12), random_symbols(2, 7)
    slots = compiled(lambda x: packer.pack(x, num_slots=5))(symbols)
    assert slots.shape == [5, 12]
    np.testing.assert_array_equal(packer.unpack(slots, 2, 7), symbols)
    np.testing.assert_allclose(np.abs(slots[2:]), 1.0, rtol=1e-6)


def test_too_many_rows_for_a_number_of_slots_are_refused():
    packer = SlotPacker(12)
    rule = r"room for all rows: 12 symbols per slot.*Received: num_slots=1"
    with pytest.raises(ValueError, match=rule + " for rows that fill 2"):
        packer.pack(random_symbols(2, 7), num_slots=1)
    signature = [tf.TensorSpec([None, None], tf.complex64)]
    graph = tf.function(lambda x: packer.pack(x, num_slots=1), input_signature=signature)
    assert graph(random_symbols(1, 7)).shape == [1, 12]
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        graph(random_symbols(2, 7))


@pytest.mark.parametrize(
    ("num_tx", "shape", "rule"),
    [
        (1, [4, 2, 8], r"shape \[batch, num_symbols\].*Received: shape=\(4, 2, 8\)"),
        (2, [4, 8], r"shape \[batch, 2, num_symbols\].*Received: shape=\(4, 8\)"),
    ],
)
def test_rows_of_another_shape_are_refused(num_tx, shape, rule):
    with pytest.raises(ValueError, match=rule):
        SlotPacker(grid(num_tx)).pack(tf.zeros(shape, tf.complex64))


def test_slots_that_are_not_filled_are_refused():
    packer = SlotPacker(grid(2))
    with pytest.raises(ValueError, match=r"\[num_slots, 2, 1, 36\], as `pack`.*\(3, 2, 1, 35\)"):
        packer.unpack(tf.zeros([3, 2, 1, 35]), 2, 7)
    with pytest.raises(ValueError, match=r"must be 3 or more to hold 10 rows of 8.*Received: 2"):
        packer.unpack(tf.zeros([2, 2, 1, 36]), 10, 8)


def test_separate_rows_are_unpacked_from_exactly_their_slots():
    packer, symbols = SlotPacker(16, seed=3), random_symbols(6, 7)
    slots = packer.pack(symbols, separate=True)
    more = tf.concat([slots, slots], 0)
    for other, number in ((more, 12), (slots[:5], 5)):
        with pytest.raises(ValueError, match=rf"exactly 6, because .* Received: {number}"):
            packer.unpack(other, 6, 7, separate=True)
    signature = [tf.TensorSpec([None, 16], tf.complex64)]
    graph = tf.function(lambda x: packer.unpack(x, 6, 7, True), input_signature=signature)
    np.testing.assert_array_equal(graph(slots), symbols)
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph(more)
    shared = tf.concat([packer.pack(symbols), more], 0)
    np.testing.assert_array_equal(packer.unpack(shared, 6, 7), symbols)
