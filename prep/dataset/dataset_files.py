"""Names of the files and folders of a dataset."""

PHOTOS, LABELS = "photos", "labels"
IMAGES, MASKS = "images", "masks"
INDEX, CLASSES, STATES, PHOTOS_RECORD, FOLDS = "index.csv", "classes.json", "states.csv", "photos.csv", "folds.csv"
RANGES = "ranges.json"
STATS, PROVENANCE, REPORT = "stats.json", "provenance.jsonl", "report.html"

PATCHES = "patches"
PATCH_IMAGES, PATCH_MASKS = "images.npy", "masks.npy"
PATCH_SETTINGS, PREVIEW = "settings.json", "preview.png"

DERIVED = (PATCHES, STATS)
"""Counted or cut from images and masks, so that they go when those are replaced."""

HIDDEN = ".annotate"
"""Folder for what people who label can lose: counts of masks, notes on saves, proposals."""

ACCEPTED_PIXELS = f"{HIDDEN}/accepted"
"""By class numbers, which pixels were accepted from a proposal: it goes where masks of other classes come."""
