"""Raw photos become images: upright, sRGB, of one size, without metadata."""
