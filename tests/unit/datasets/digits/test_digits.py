# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest
from scipy.io import wavfile

from sionna_semcom.datasets import Digits, LogMel, read_fsdd, read_idx


@pytest.mark.parametrize(("audio", "shape"), [("fsdd", (64, 32, 1)), ("audiomnist", (128, 24, 1))])
@pytest.mark.parametrize("split", ["recording", "speaker"])
def test_folders(tmp_path, mnist, fsdd, audiomnist, audio, shape, split):
    digits = Digits(tmp_path, audio=audio, split=split)
    assert digits.shapes == {"image": (4, 4, 1), "audio": shape, "text": (10,)}
    batch = next(iter(digits.train(10)))
    assert sorted(batch["label"].numpy()) == list(range(10))
    assert batch["audio"].shape == (10, *shape)
    assert digits.description.startswith(f"MNIST + {audio.upper()}, split by {split}")


def test_selected_modalities_have_the_same_images(tmp_path, mnist, fsdd):
    images, all_of_them = Digits(tmp_path, modalities=["image"]), Digits(tmp_path)
    assert images.shapes == {"image": (4, 4, 1)}
    for name in ("train", "validation", "test"):
        few, every = (next(iter(getattr(one, name)(20, seed=3))) for one in (images, all_of_them))
        assert set(few) == {"image", "label"}
        assert set(every) == {"image", "audio", "text", "label"}
        np.testing.assert_array_equal(few["image"], every["image"])


def test_splits_share_no_image(tmp_path, mnist, fsdd):
    """The second row is the index of an image. Indices from 220 are held out."""
    digits = Digits(tmp_path)
    numbers = {
        name: {int(n) for b in data for n in np.round(255 * b["image"][:, 1, 0, 0].numpy())}
        for name, data in (("train", digits.train(100, 50)), ("validation", digits.validation()))
    }
    assert numbers == {"train": set(range(220)), "validation": set(range(220, 240))}


def test_checksums_tell_what_was_read(tmp_path, mnist, fsdd):
    checksums = Digits(tmp_path).checksums
    labels = mnist / "train-labels-idx1-ubyte.gz"
    assert checksums[labels.name] == hashlib.sha256(labels.read_bytes()).hexdigest()
    assert len(checksums) == 5
    first = fsdd / "recordings" / "0_anna_0.wav"
    shutil.copy(fsdd / "recordings" / "1_anna_0.wav", first)
    changed = Digits(tmp_path).checksums
    assert {name for name in checksums if checksums[name] != changed[name]} == {"fsdd"}
    selected = [Digits(tmp_path, modalities=["image"]), Digits(tmp_path, split="speaker")]
    assert len({one.checksums["selection"] for one in selected}) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"audio": "sdr"}, r"`audio` must be one of \['fsdd', 'audiomnist'\]. Received: 'sdr'"),
        ({"split": "day"}, r"`split` must be one of \['recording', 'speaker'\]. Received: 'day'"),
        ({"modalities": ["image", "smell"]}, "must be different names of image, audio, text. Rec"),
        ({"log_mel": LogMel()}, "the built-in set is fixed. Received: .*LogMel"),
        ({"modalities": []}, "`modalities` must be different names .*Received: none"),
        ({"modalities": ["image", "image"]}, "`modalities` must be .*Received: image, image"),
        ({"further_labels": ["mood"]}, "different names of slant, speaker. Received: mood"),
        ({"further_labels": ["speaker"]}, "`split`='recording', where .*Received: speaker"),
        ({"root": ".", "split": "speaker", "further_labels": ["speaker"]}, "Received: speaker"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Digits(**options)


def test_selected_modalities_and_further_labels(tmp_path, mnist, fsdd):
    for number, speaker in enumerate(("anna", "ben", "cleo"), start=1):
        for path in fsdd.rglob(f"*_{speaker}_*.wav"):
            rate, samples = wavfile.read(path)
            wavfile.write(path, rate, samples[::number])  # a different pitch
    plain = Digits(tmp_path)
    digits = Digits(tmp_path, modalities=["image", "audio"], further_labels=["speaker", "slant"])
    assert digits.shapes == {name: plain.shapes[name] for name in ("image", "audio")}
    clips = read_fsdd(tmp_path / "fsdd")
    names = sorted({*clips.speakers})
    assert digits.labels == {"speaker": len(names), "slant": 4}
    for batch, other in zip(digits.test(50), plain.test(50), strict=True):
        assert set(batch) - set(other) == {"speaker", "slant"}
        for name in set(other) - {"text"}:  # the samples are the same
            np.testing.assert_array_equal(batch[name], other[name])
        parts = digits.parts(batch)
        assert list(parts) == ["label", "speaker", "slant"]
        for audio, number in zip(batch["audio"][..., 0].numpy(), batch["speaker"], strict=True):
            same = np.isclose(clips.spectrograms, audio).all((1, 2))
            assert {*clips.speakers[same]} == {names[number]}
    assert sum(len(batch["label"]) for batch in digits.probing(500)) == 5000


@pytest.mark.parametrize("missing", ["mnist", "fsdd"])
def test_missing_folders_are_named(tmp_path, mnist, fsdd, missing):
    shutil.rmtree(tmp_path / missing)
    with pytest.raises(FileNotFoundError, match=missing):
        Digits(tmp_path)


def test_all_missing_files_are_named_in_one_line(tmp_path, mnist):
    for name in ("train-labels", "t10k-images"):
        next(mnist.glob(f"{name}*")).unlink()
    with pytest.raises(FileNotFoundError) as raised:
        Digits(tmp_path)
    assert str(raised.value) == (
        f"`{tmp_path}` must contain mnist/train-labels-idx1-ubyte.gz, "
        "mnist/t10k-images-idx3-ubyte.gz, fsdd. Received: one without them"
    )
    with pytest.raises(FileNotFoundError, match=r"t10k-labels.*, fsdd\. Received: no such folder"):
        Digits(tmp_path / "nowhere")


def test_a_damaged_recording_is_named(tmp_path, mnist, fsdd):
    path = fsdd / "recordings" / "4_cleo_3.wav"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"4_cleo_3.wav` must be a whole WAV file"):
        Digits(tmp_path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
        ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
        ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
        ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
    ],
)
def test_mnist_is_read_as_published(data_root, idx_bytes, name, published):
    """MD5 of the uncompressed files, because mirrors compress them differently."""
    values = read_idx(data_root / "mnist" / f"{name}.gz")
    assert hashlib.md5(idx_bytes(values)).hexdigest() == published


@pytest.mark.data
def test_mnist_with_fsdd(data_root):
    digits = Digits(data_root)
    assert digits.shapes == {"image": (28, 28, 1), "audio": (64, 32, 1), "text": (10,)}
    for part in ("train 55000 + 2580", "validation 5000 + 120", "test 10000 + 300"):
        assert part in digits.description
    clips = sorted((data_root / "fsdd").rglob("*.wav"))
    assert len(clips) == 3000
    content = b"".join(path.read_bytes() for path in clips)
    assert digits.checksums["fsdd"] == hashlib.sha256(content).hexdigest()
    labels = np.concatenate([batch["label"] for batch in digits.test(1000)])
    np.testing.assert_array_equal(
        np.bincount(labels), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    )


@pytest.mark.data
def test_mnist_with_fsdd_by_speaker(data_root):
    digits = Digits(data_root, split="speaker")
    for part in ("train 55000 + 2000", "validation 5000 + 500", "test 10000 + 500"):
        assert part in digits.description
