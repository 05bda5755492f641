"""What is learnt from, and how much of it counts."""

import numpy as np

from prep.annotate.learn.samples import MOST_SAMPLES, Samples, learn


def test_samples_are_bounded_evenly_and_the_same_each_time() -> None:
    classes = np.repeat([0, 1, 2], [20_000, 900, 30])
    samples = Samples(np.arange(len(classes), dtype=np.float32)[:, None], classes, np.arange(len(classes)))
    found = samples.thinned(MOST_SAMPLES, 7)
    np.testing.assert_array_equal(np.bincount(found.classes), [MOST_SAMPLES // 3, MOST_SAMPLES // 3, 30])
    np.testing.assert_array_equal(found.features, samples.thinned(MOST_SAMPLES, 7).features)
    np.testing.assert_array_equal(classes[found.places], found.classes)
    np.testing.assert_array_equal(found.features[:, 0], found.places)


def alike(*counts: int) -> Samples:
    """So many samples of each class, which nothing tells apart."""
    classes = np.repeat(np.arange(len(counts)), counts)
    return Samples(np.zeros((len(classes), 3), np.float32), classes, np.arange(len(classes)))


def test_what_nothing_tells_apart_is_of_the_class_that_was_painted_more() -> None:
    learnt = learn(alike(90, 10), [])
    assert learnt is not None
    np.testing.assert_allclose(learnt.trees(np.zeros((1, 3), np.float32)), [[0.9, 0.1]], atol=1e-6)


def test_two_thirds_of_a_class_fall_to_the_open_photo() -> None:
    own = Samples(np.ones((10, 3), np.float32), np.ones(10, np.intp), np.arange(10))
    learnt = learn(own, [alike(40, 30)])
    assert learnt is not None
    # 40 of the one, and of the 40 of the other the third that is not of the open photo.
    expected = np.array([40, 40 / 3]) / (40 + 40 / 3)
    np.testing.assert_allclose(learnt.trees(np.zeros((1, 3), np.float32))[0], expected, atol=1e-6)
    np.testing.assert_allclose(learnt.trees(np.ones((1, 3), np.float32))[0], [0, 1], atol=1e-6)


def test_a_part_of_a_class_falls_to_what_is_expected() -> None:
    """A quarter before the first stroke; half of that when 100 pieces are painted."""
    prior = Samples(np.full((7, 3), 2, np.float32), np.zeros(7, np.intp), np.arange(7))
    own = Samples(np.ones((100, 3), np.float32), np.ones(100, np.intp), np.arange(100))
    learnt = learn(own, [alike(40, 30)], prior)
    assert learnt is not None
    expected = np.array([40 * 7 / 8, 130 / 3]) / (40 * 7 / 8 + 130 / 3)
    np.testing.assert_allclose(learnt.trees(np.zeros((1, 3), np.float32))[0], expected, atol=1e-6)
    np.testing.assert_allclose(learnt.trees(np.full((1, 3), 2, np.float32))[0], [1, 0], atol=1e-6)
