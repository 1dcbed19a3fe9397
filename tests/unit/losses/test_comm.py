# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
"""CoMM losses against NumPy, their limits and their invariances."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.losses import comm_terms, cross_modal_terms, nt_xent, symmetric_info_nce

TAUS = [0.07, 0.2, 1.0]
BATCHES = [2, 5, 16]
NAMES = {2: ["image", "audio"], 3: ["image", "audio", "text"]}


def draw(batch, count=1, dim=6):
    """Embeddings with arbitrary norms in single precision."""
    values = np.random.default_rng([batch, count]).normal(size=(count, batch, dim))
    lengths = np.random.default_rng(0).uniform(0.1, 5, (count, batch, 1))
    return (lengths * values).astype(np.float32)


def reference(first, second, tau):
    """The formula, one sample and one direction at a time, in double precision."""
    first, second = (np.asarray(z, np.float64) for z in (first, second))
    cosine = np.array(
        [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in second] for a in first]
    )
    total = 0.0
    for j in range(len(first)):
        match = np.exp(cosine[j, j] / tau)
        total += np.log(match / np.sum(np.exp(cosine[j] / tau)))
        total += np.log(match / np.sum(np.exp(cosine[:, j] / tau)))
    return -total / (2 * len(first))


def nt_reference(first, second, tau, label=None):
    """As ``reference``, with negatives of both views that have another label."""
    views = np.concatenate([first, second]).astype(np.float64)
    views /= np.linalg.norm(views, axis=-1, keepdims=True)
    total = 0.0
    for j, view in enumerate(views):
        powers = np.exp(views @ view / tau)
        partner = (j + len(first)) % len(views)
        rows = np.arange(len(views))
        labels = np.tile(np.arange(len(first)) if label is None else label, 2)
        kept = (labels != labels[j]) | (rows == partner)
        total += np.log(powers[partner] / powers[kept].sum())
    return -total / len(views)


LOSSES = [(symmetric_info_nce, reference), (nt_xent, nt_reference)]


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("loss", "formula"), LOSSES)
def test_contrast_is_that_of_the_formula(compiled, loss, formula, tau, batch):
    first, second = draw(batch, 2)
    found = compiled(lambda a, b: loss(a, b, tau))(first, second)
    assert found.shape == ()
    close(found, formula(first, second, tau))


@pytest.mark.parametrize("label", [[0, 1, 0, 2, 1], [3, 3, 3, 3, 3]])
def test_samples_of_the_same_meaning_are_no_negatives(label):
    first, second = draw(5, 2)
    same = np.equal.outer(label, label)
    close(nt_xent(first, second, 0.2, same), nt_reference(first, second, 0.2, label))
    terms = comm_terms(first, second, {"image": first}, 0.2, same)
    expected = nt_reference(first, first, 0.2, label) + nt_reference(first, second, 0.2, label)
    close(terms["redundant_unique_image"], 0.5 * expected)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("count", [2, 3])
def test_terms_are_those_of_the_formulas(tau, batch, count):
    first, second, *rest = draw(batch, 2 + count)
    alone = dict(zip(NAMES[count], rest, strict=True))
    found = comm_terms(first, second, alone, tau)
    expected = {"redundant_unique_synergistic": nt_reference(first, second, tau)}
    for name, own in alone.items():
        pair = nt_reference(own, first, tau) + nt_reference(own, second, tau)
        expected[f"redundant_unique_{name}"] = pair / 2
    assert list(found) == list(expected)
    for name, term in expected.items():
        close(found[name], term)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("count", [2, 3])
def test_cross_modal_terms_are_those_of_all_pairs(tau, batch, count):
    embeddings = dict(zip(NAMES[count], draw(batch, count), strict=True))
    found = cross_modal_terms(embeddings, tau)
    pairs = [("image", "audio"), ("image", "text"), ("audio", "text")][: 1 if count == 2 else 3]
    assert list(found) == [f"redundant_{one}_{other}" for one, other in pairs]
    for one, other in pairs:
        expected = reference(embeddings[one], embeddings[other], tau)
        close(found[f"redundant_{one}_{other}"], expected)


def test_names_of_terms():
    first, second, image, audio = draw(4, 4)
    alone = {"image": image, "audio": audio}
    assert list(comm_terms(first, second, alone, 0.1)) == [
        "redundant_unique_synergistic",
        "redundant_unique_image",
        "redundant_unique_audio",
    ]
    assert list(comm_terms(first, second, {}, 0.1)) == ["redundant_unique_synergistic"]
    assert list(cross_modal_terms(alone, 0.1)) == ["redundant_image_audio"]
    assert cross_modal_terms({"image": image}, 0.1) == {}


@pytest.mark.parametrize("tau", TAUS)
def test_arguments_may_be_exchanged(tau):
    first, second, image, audio = draw(7, 4)
    for loss, _ in LOSSES:
        close(loss(first, second, tau), loss(second, first, tau))
    one = comm_terms(first, second, {"image": image, "audio": audio}, tau)
    other = comm_terms(second, first, {"audio": audio, "image": image}, tau)
    assert set(one) == set(other)
    for name, term in one.items():
        close(other[name], term)
    there = cross_modal_terms({"image": image, "audio": audio}, tau)["redundant_image_audio"]
    back = cross_modal_terms({"audio": audio, "image": image}, tau)["redundant_audio_image"]
    close(there, back)


@pytest.mark.parametrize("contrast", [symmetric_info_nce, nt_xent])
def test_the_order_of_samples_does_not_matter_but_their_pairing_does(contrast):
    first, second = draw(9, 2)
    order = np.random.default_rng(3).permutation(9)
    loss = contrast(first, second, 0.2)
    close(contrast(first[order], second[order], 0.2), loss)
    assert abs(float(contrast(first[order], second, 0.2) - loss)) > 0.1


def test_lengths_of_embeddings_do_not_matter():
    first, second, image, audio = draw(6, 4)
    lengths = np.random.default_rng(1).uniform(1e-2, 1e2, (4, 6, 1)).astype(np.float32)
    scaled = [s * z for s, z in zip(lengths, (first, second, image, audio), strict=True)]
    expected = comm_terms(first, second, {"image": image, "audio": audio}, 0.1)
    found = comm_terms(*scaled[:2], {"image": scaled[2], "audio": scaled[3]}, 0.1)
    for name, term in expected.items():
        close(found[name], term)
    close(
        cross_modal_terms({"image": scaled[2], "audio": scaled[3]}, 0.1)["redundant_image_audio"],
        cross_modal_terms({"image": image, "audio": audio}, 0.1)["redundant_image_audio"],
    )


def test_perfect_alignment_leaves_nothing_at_a_low_temperature():
    views = 3.0 * tf.eye(8)
    terms = comm_terms(views, views, {"image": views, "audio": 0.5 * views}, 0.02)
    terms |= cross_modal_terms({"image": views, "audio": 0.5 * views}, 0.02)
    assert len(terms) == 4
    for term in terms.values():
        np.testing.assert_allclose(term, 0.0, atol=1e-6)
    wrong = symmetric_info_nce(views, tf.roll(views, 1, axis=0), 0.02)
    np.testing.assert_allclose(wrong, 1 / 0.02, rtol=1e-5)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("batch", BATCHES)
def test_loss_is_log_of_samples_compared_where_nothing_tells_them_apart(tau, batch):
    same = tf.tile(tf.constant([[0.3, -2.0, 1.0]]), [batch, 1])
    for term in comm_terms(same, same, {"image": same, "audio": same}, tau).values():
        np.testing.assert_allclose(term, np.log(2 * batch - 1), rtol=1e-5)
    for term in cross_modal_terms({"image": same, "audio": -same}, tau).values():
        np.testing.assert_allclose(term, np.log(batch), rtol=1e-5)


@pytest.mark.parametrize("tau", [0.01, 0.2])
@pytest.mark.parametrize("case", ["random", "aligned", "opposite", "identical", "zero"])
def test_gradients_are_finite(tau, case):
    first = draw(6)[0]
    second = {
        "random": draw(6, 2)[1],
        "aligned": first,
        "opposite": -first,
        "identical": np.tile(first[:1], (6, 1)),
        "zero": np.zeros_like(first),
    }[case]
    views = [tf.Variable(z) for z in (first, second)]
    with tf.GradientTape() as tape:
        terms = comm_terms(*views, {"image": views[0], "audio": views[1]}, tau)
        terms |= cross_modal_terms({"image": views[0], "audio": views[1]}, tau)
        total = tf.add_n(list(terms.values()))
    assert np.isfinite(total)
    for gradient in tape.gradient(total, views):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize(("contrast", "formula"), LOSSES)
def test_gradients_are_those_of_the_formula(contrast, formula):
    first, second = draw(4, 2)
    view = tf.Variable(first)
    with tf.GradientTape() as tape:
        loss = contrast(view, second, 0.2)
    found = tape.gradient(loss, view).numpy()
    for place in np.ndindex(first.shape):
        step = np.zeros(first.shape)
        step[place] = 1e-6
        change = formula(first + step, second, 0.2) - formula(first - step, second, 0.2)
        np.testing.assert_allclose(found[place], change / 2e-6, rtol=1e-3, atol=1e-4)
