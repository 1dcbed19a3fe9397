# SPDX-License-Identifier: Apache-2.0
"""Which links a study may give to one transmitter, and which to several."""

from __future__ import annotations

from typing import Any

import pytest

from sionna_semcom.simulation import Study

SYSTEM = {"kind": "centroid", "latent_dim": 16}
AIR = {"kind": "over_the_air", "model": "awgn", "csi": "perfect"}
VIB = {"kind": "two_stage_vib"}


def study(link: dict[str, Any], system: dict[str, Any], **curve: Any) -> Study:
    """A study of one curve."""
    features = {"kind": "generated_features"} if system["kind"] == "two_stage_vib" else {}
    return Study.model_validate(
        {
            "name": "one",
            **({"data": features} if features else {}),
            "models": {"m": {"system": system}},
            "links": {"l": link},
            "curves": [{"label": "c", "model": "m", "link": "l", **curve}],
            "evaluation": {"snr_db": [0]},
        }
    )


@pytest.mark.parametrize(
    ("link", "system", "curve"),
    [
        (AIR, {**SYSTEM, "transmitters": "separate"}, {}),
        (AIR, SYSTEM, {"transmitters": "separate"}),
        ({"kind": "uplink"}, SYSTEM, {"transmitters": "separate"}),
        ({"kind": "uplink"}, SYSTEM, {}),
        ({"kind": "awgn"}, {**SYSTEM, "transmitters": "separate"}, {"transmitters": "joint"}),
        ({"kind": "uplink", "num_users": 3}, {**VIB, "transmitters": "separate"}, {}),
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
            "two_stage_vib is evaluated with the transmitters that it was trained with",
        ),
        (
            {"kind": "flat_mimo"}, {"kind": "linear_alignment"}, {"transmitters": "separate"},
            ".",
        ),
    ],
)  # fmt: skip
def test_what_does_not_is_refused(link, system, curve, message):
    with pytest.raises(ValueError, match=message):
        study(link, system, **curve)
