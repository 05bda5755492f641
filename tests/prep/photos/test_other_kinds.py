"""Files of all kinds in a folder of photos: each is read like those named alone, or told."""

from pathlib import Path

import pytest
from PIL import Image

from tests.support import by_stem, run_error, run_ok, run_partly, save, smooth_image


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("photos/usual.png"), smooth_image())


def resized(*sources: str) -> str:
    return run_ok("resize", *(sources or ("photos",)), "-o", "d", "--size", 24).stdout


def test_avif_and_jfif_are_found() -> None:
    save(Path("photos/v.avif"), smooth_image())
    save(Path("photos/deep/H.JFIF"), smooth_image(), format="JPEG")
    assert "not read" not in resized()
    assert list(by_stem(Path("d"))) == ["deep_H", "usual", "v"]


def test_photos_of_such_endings_come_in_with_their_labels() -> None:
    for name, ending in (("a", "avif"), ("b", "jfif")):
        save(Path(f"both/photos/{name}.{ending}"), smooth_image(), format="AVIF" if ending == "avif" else "JPEG")
        save(Path(f"both/masks/{name}.png"), smooth_image()[..., 0] // 100)
    Path("names.txt").write_text("background\nroad\ncar\n")
    run_ok("masks", "convert", "both/masks", "-o", "d", "--images", "both/photos", "--classes", "names.txt")
    assert {stem: sample.mask for stem, sample in by_stem(Path("d")).items()} == {
        "a": "masks/a.png",
        "b": "masks/b.png",
    }


def test_kinds_that_are_not_read_are_counted() -> None:
    for name in ("c.cr2", "e.CR2", "d.jxl", "notes.txt", "usual.nef", "masks/m.tga", "readme"):
        path = Path("photos", name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"something")
    save(Path("photos/g"), smooth_image(), format="PNG")
    told = "4 files of kinds that are not read are left out: .cr2 (2), .jxl (1), without an ending (1); save them as"
    assert told in resized()
    assert list(by_stem(Path("d"))) == ["usual"]


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "avif"])
def test_animations_are_told_apart_from_photos(ending: str) -> None:
    frames = [Image.fromarray(smooth_image()), Image.fromarray(smooth_image()[::-1])]
    frames[0].save(f"photos/film.{ending}", save_all=True, append_images=frames[1:])
    frames[0].save(f"photos/still.{ending}")
    said = run_partly("resize", "photos", "-o", "d", "--size", 24)
    assert f"photos/film.{ending}: an animation of 2 frames; save the frame that is meant as PNG" in said
    assert list(by_stem(Path("d"))) == ["still", "usual"]


def test_a_folder_of_such_alone() -> None:
    Path("raw").mkdir()
    Path("raw/c.dng").write_bytes(b"something")
    said = run_error("resize", "raw", "-o", "d", "--size", 24)
    assert said.startswith("raw: no photos here; looked for .avif, .bmp, ")
    assert said.endswith(
        "1 file of kinds that are not read is left out: .dng (1); save it as JPEG, PNG or TIFF to bring it in"
    )
