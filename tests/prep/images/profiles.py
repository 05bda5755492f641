"""Colour profiles that show whether they were followed."""

from PIL import ImageCms


def swapped_profile() -> bytes:
    """A colour profile whose red and green are swapped: a picture converted from it to sRGB shows at once."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"tmp1").replace(b"gXYZ", b"rXYZ").replace(b"tmp1", b"gXYZ")
    return profile.replace(b"sRGB", b"RGBx").replace(b"s\0R\0G\0B", b"x\0R\0G\0B")
