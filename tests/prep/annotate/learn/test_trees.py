"""The trees against what can be computed by hand."""

import numpy as np
import pytest

from prep.annotate.learn.trees import DEPTH, TREES, Trees, grow


def rings(seed: int, number: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Points in a square whose class is that of their ring: no straight line divides them."""
    points = np.random.default_rng(seed).uniform(-1, 1, (number, 2)).astype(np.float32)
    return points, (np.hypot(*points.T) * 2).astype(np.intp)


def grown(seed: int = 0) -> tuple[Trees, np.ndarray, np.ndarray]:
    points, classes = rings(0)
    return grow(points, classes, np.eye(3), 0, seed), points, classes


def test_they_know_what_they_have_learnt_and_guess_the_rest_well() -> None:
    trees, points, classes = grown()
    assert (trees(points).argmax(axis=1) == classes).mean() > 0.99
    others, expected = rings(1)
    assert (trees(others).argmax(axis=1) == expected).mean() > 0.85


def test_rows_are_probabilities() -> None:
    found = grown()[0](rings(2)[0])
    assert found.shape == (400, 3)
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_the_same_seed_gives_the_same_trees() -> None:
    first, second, other = grown(5)[0], grown(5)[0], grown(6)[0]
    for name, values in vars(first).items():
        np.testing.assert_array_equal(values, vars(second)[name])
    assert not np.array_equal(first.threshold[:TREES], other.threshold)


def test_each_sample_is_in_one_leaf_of_each_tree() -> None:
    """Walked node by node, as the definition says."""
    trees, points, _ = grown()
    found = np.zeros((10, 3))
    for place, point in enumerate(points[:10]):
        for root in range(TREES):
            node, depth = root, 0
            while trees.feature[node] >= 0:
                node = trees.left[node] + int(point[trees.feature[node]] > trees.threshold[node])
                depth += 1
            assert depth <= DEPTH
            found[place] += trees.shares[node] / TREES
    np.testing.assert_allclose(trees(points[:10]), found, atol=1e-5)


def test_weights_count_as_copies_do() -> None:
    """Samples that no question tells apart, two groups of one class: the leaf has the shares of their weights."""
    same = np.zeros((3, 4), np.float32)
    worth = np.array([[1.0, 0, 0], [0, 0, 0.5], [0, 0, 2.5]])
    found = grow(same, np.array([0, 2, 1]), worth, 0, 0)(same)
    np.testing.assert_allclose(found, [[0.25, 0, 0.75]] * 3, atol=1e-6)


def test_all_trees_learn_from_the_first_samples_and_each_from_a_part_of_the_others() -> None:
    """One sample of a class among 9,000 others: where it is, all trees know it."""
    points, classes = rings(3, 9000)
    points, classes = np.concatenate([points[:1] + 5, points]), np.concatenate([classes[:1] * 0 + 3, classes])
    trees = grow(points, classes, np.eye(4), 1, 0)
    assert (trees(points[1:]).argmax(axis=1) == classes[1:]).mean() > 0.95
    assert trees(points[:1])[0, 3] > 0.9


@pytest.mark.parametrize("low", [1.0, 16777216.0, 1e-38])
def test_neighbouring_numbers_are_told_apart(low: float) -> None:
    pair = np.array([[low], [np.nextafter(np.float32(low), np.float32(np.inf))]], np.float32)
    found = grow(pair, np.array([0, 1]), np.eye(2), 0, 0)
    np.testing.assert_array_equal(found(pair), [[1, 0], [0, 1]])
