"""Notes on images, on the annotation page."""

from pathlib import Path

from tests.prep.annotate.page.annotating import Opened, dataset, until


def test_a_note_is_kept_shown_in_the_list_and_filtered_by(tmp_path: Path, opened: Opened) -> None:
    root = dataset(tmp_path / "d")
    page = opened(root)
    page.keyboard.press("j")
    page.keyboard.type("leaves moved, 2nd try")
    page.locator("#list [data-stem=s1]").click()  # leaves the field: the note is of the image it was written on
    until(page, "editor.stem === 's1' && session.images.get('s0').note")
    assert (root / "states.csv").read_text() == 'stem,state,note\ns0,new,"leaves moved, 2nd try"\n'
    assert page.locator("#note").input_value() == ""
    assert [page.locator(f"#list [data-stem={stem}] .noted").is_visible() for stem in ("s0", "s1")] == [True, False]
    page.locator("#state-filter").select_option(label="With a note (1)")
    assert page.locator("#list .stem").all_text_contents() == ["s0", "s1"], "and the open one"
    page.locator("#state-filter").select_option("")
    page.locator("#find").fill("MOVED")
    page.keyboard.press("Enter")
    until(page, "editor.stem === 's0'")
    assert page.locator("#note").input_value() == "leaves moved, 2nd try"
    page.keyboard.press("j")
    page.keyboard.type("something else")
    page.keyboard.press("Escape")
    assert page.locator("#note").input_value() == "leaves moved, 2nd try"
    page.keyboard.press("j")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    until(page, "!session.images.get('s0').note")
    assert (root / "states.csv").read_text() == "stem,state\n"
    page.keyboard.press("2")  # the keys are those of the page again
    assert page.evaluate("editor.value") == 1
