# SPDX-License-Identifier: Apache-2.0
"""Compatibility of links with one joint or several separate transmitters."""

from __future__ import annotations

from typing import Any

import pytest

from sionna_semcom.simulation import Study

SYSTEM = {"kind": "centroid", "latent_dim": 16}
AIR = {"kind": "over_the_air", "model": "awgn", "csi": "perfect"}
VIB = {"kind": "two_stage_vib"}


USERS = {"kind": "uplink", "num_users": 3}
APART = {"transmitters": "separate"}


def study(link: Any, system: Any, training: Any = None, **curve: Any) -> Study:
    """A study of one curve."""
    trained = {"link": training} if training else {}
    features = {"kind": "generated_features"} if system["kind"] == "two_stage_vib" else {}
    return Study.model_validate(
        {
            "name": "one",
            **({"data": features} if features else {}),
            "models": {"m": {"system": system, **trained}},
            "links": {"l": link},
            "curves": [{"label": "c", "model": "m", "link": "l", **curve}],
            "evaluation": {"snr_db": [0]},
        }
    )


@pytest.mark.parametrize(
    ("link", "system", "curve"),
    [
        (AIR, {**SYSTEM, **APART}, {"training": AIR}),
        (AIR, SYSTEM, APART),
        (USERS, SYSTEM, APART),
        (USERS, {**SYSTEM, "mode": "conventional", **APART}, {"training": USERS}),
        (AIR, {**SYSTEM, "mode": "paper"}, APART),
        ({"kind": "uplink"}, SYSTEM, {}),
        ({"kind": "awgn"}, {**SYSTEM, **APART}, {"training": USERS, "transmitters": "joint"}),
        (USERS, {**VIB, **APART}, {"training": USERS}),
    ],
)
def test_what_goes_together_is_a_study(link, system, curve):
    assert study(link, system, **curve).curves[0].transmitters == curve.get("transmitters")


@pytest.mark.parametrize(
    ("link", "system", "curve", "message"),
    [
        (AIR, SYSTEM, {}, "link 'l' is for separate transmitters. Received: .*'joint'"),
        (
            {"kind": "awgn"}, SYSTEM, {"transmitters": "separate"},
            "link 'l' is for joint transmitters. Received: transmitters 'separate'",
        ),
        (
            {"kind": "uplink"}, VIB, {"transmitters": "separate"},
            "two_stage_vib must be evaluated with the transmitters of its training",
        ),
        (
            {"kind": "flat_mimo"}, {"kind": "linear_alignment"}, {"transmitters": "separate"},
            ".",
        ),
        ({"kind": "uplink"}, SYSTEM, APART, "link 'l' must have num_users=3.*num_users=4"),
        ({**USERS, "user": 1}, SYSTEM, APART, "and no user, for separate.*num_users=3, user=1"),
        (AIR, {**SYSTEM, "mode": "conventional"}, APART, "curve 'c': link 'l' adds .*over_the"),
        (AIR, {**VIB, **APART}, {"training": USERS}, "link 'l' adds .*two_stage_vib sends"),
        (USERS, {**SYSTEM, **APART}, {}, "'m': the link of its training is for joint transmitters"),
        ({"kind": "awgn"}, SYSTEM, {"training": AIR}, "its training is for separate transmitters"),
        (
            USERS, {**SYSTEM, **APART}, {"training": {"kind": "uplink"}},
            "the link of its training must have num_users=3",
        ),
        (
            AIR, {**SYSTEM, "mode": "paper", **APART}, {"training": AIR},
            "the link of its training adds the symbols",
        ),
    ],
)  # fmt: skip
def test_what_does_not_is_refused(link, system, curve, message):
    with pytest.raises(ValueError, match=message):
        study(link, system, **curve)
