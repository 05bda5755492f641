"""Which labelled photos are learnt from, and which score."""

from prep.annotate.network.choice import MOST_HELD_OUT, MOST_PHOTOS, LabelledPhoto, PhotoChoice, choose_photos

BOTH = frozenset({0, 1})


def photos(number: int, classes: frozenset[int] = BOTH) -> list[LabelledPhoto]:
    return [LabelledPhoto(f"p{place:03}", classes) for place in range(number)]


def painted(stem: str) -> bool:
    return True


def dealt(labelled: list[LabelledPhoto]) -> PhotoChoice:
    found = choose_photos(labelled, painted)
    assert found is not None
    assert not set(found.train) & set(found.held_out)
    return found


def test_a_quarter_is_held_out() -> None:
    for number, held_out in ((2, 1), (3, 1), (6, 2), (12, 3), (200, MOST_HELD_OUT)):
        found = dealt(photos(number))
        assert (len(found.held_out), len(found.train)) == (held_out, min(MOST_PHOTOS, number - held_out))
    assert dealt(photos(12)) == dealt(photos(12)[::-1]), "whatever order they come in"


def test_too_few() -> None:
    assert choose_photos([], painted) is None
    assert choose_photos(photos(1), painted) is None
    assert choose_photos(photos(5, frozenset({1})), painted) is None, "one class teaches nothing"


def test_the_only_photo_of_a_class_is_learnt_from() -> None:
    for place in range(4):
        labelled = photos(4)
        labelled[place] = LabelledPhoto(labelled[place].stem, frozenset({0, 1, 2}))
        assert labelled[place].stem in dealt(labelled).train
    two = [LabelledPhoto("a", BOTH), LabelledPhoto("b", frozenset({0, 1, 2}))]
    assert dealt(two) == PhotoChoice(("b",), ("a",))
    assert choose_photos([LabelledPhoto("a", frozenset({0})), LabelledPhoto("b", frozenset({1}))], painted) is None


def test_what_scores_the_final_model_teaches_nothing() -> None:
    splits = ("train", "val", "test", "buffer", "")
    labelled = [LabelledPhoto(f"{split or 'free'}{place}", BOTH, "", split) for split in splits for place in range(3)]
    found = dealt(labelled)
    assert {stem[:3] for stem in found.train} == {"tra", "fre"}
    assert {stem[:3] for stem in found.held_out} <= {"val", "tes"}
    assert choose_photos([each for each in labelled if each.split == "test"], painted) is None


def test_photos_of_one_group_are_on_one_side_where_there_are_others() -> None:
    labelled = [LabelledPhoto(f"{group}{place}", BOTH, group) for group in "abcd" for place in range(3)]
    found = dealt(labelled)
    assert not {stem[0] for stem in found.train} & {stem[0] for stem in found.held_out}
    assert len(dealt([LabelledPhoto(f"a{place}", BOTH, "a") for place in range(4)]).train) == 3, "nothing but one burst"


def test_a_photo_that_was_only_accepted_scores_nothing() -> None:
    found = choose_photos(photos(4), lambda stem: stem == "p002")
    assert found is not None
    assert found.held_out == ("p002",)
    assert len(found.train) == 3
    assert choose_photos(photos(4), lambda stem: False) is None


def test_what_a_network_has_learnt_from_does_not_score_it_later() -> None:
    labelled = photos(12)
    before = choose_photos(labelled[:8], painted)
    assert before is not None
    found = choose_photos(labelled, painted, before.train)
    assert found is not None
    assert not set(found.held_out) & set(before.train)
    assert len(found.held_out) == 3
    assert choose_photos(labelled, painted, [photo.stem for photo in labelled]) is None
    burst = [*labelled[:3], *(LabelledPhoto(f"b{place}", BOTH, "burst") for place in range(3))]
    found = choose_photos(burst, painted, ["b0", "p000", "p001"])
    assert found is not None
    assert found.held_out == ("p002",), "those of a burst look alike"
