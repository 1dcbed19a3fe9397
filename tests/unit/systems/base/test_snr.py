# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from sionna_semcom.systems.base.snr import check_snrs, snr_range


@pytest.mark.parametrize(
    ("snr_db", "expected"),
    [
        (7, (7.0, 7.0)),
        (np.inf, (np.inf, np.inf)),
        ((-5, 25), (-5.0, 25.0)),
        ([3.0, 3.0], (3.0, 3.0)),
        (np.array([0.0, 10.0]), (0.0, 10.0)),
    ],
)
def test_a_number_or_a_range_in_order(snr_db, expected):
    assert snr_range(snr_db) == expected


@pytest.mark.parametrize(
    "snr_db",
    [
        (25.0, -5.0),
        (5.0, np.inf),
        (np.inf, np.inf),
        (-np.inf, 5.0),
        (np.nan, 5.0),
        np.nan,
        -np.inf,
        (1.0, 2.0, 3.0),
        (1.0,),
        (),
    ],
    ids=str,
)
def test_anything_else_is_refused(snr_db):
    with pytest.raises(ValueError, match=r"`snr_db` must be a number of dB .* Received"):
        snr_range(snr_db)


@pytest.mark.parametrize("snr_db", [-400.0, 1e308, (-400.0, 10.0), (0.0, 1e308)], ids=str)
def test_snrs_beyond_single_precision_are_refused(snr_db):
    with pytest.raises(ValueError, match="`snr_db` must lie between -300 and 300 dB, or be inf"):
        snr_range(snr_db)


@pytest.mark.parametrize("snrs_db", [[0, 10.0, np.inf], range(3), np.array([0.0, 5.0]), iter([1])])
def test_snrs_of_a_simulation_are_numbers_in_any_sequence(snrs_db):
    found = check_snrs(snrs_db, "snr_dbs")
    assert {type(one) for one in found} == {float}


@pytest.mark.parametrize("snrs_db", [10, "0:10", None, ["0 dB"], [[0, 10]], np.array(3.0)])
def test_other_snrs_of_a_simulation_raise_an_error_with_an_example(snrs_db):
    message = r"`snr_dbs` must be a sequence of numbers, such as \[0, 10\]\. Received: "
    with pytest.raises(ValueError, match=message):
        check_snrs(snrs_db, "snr_dbs")
