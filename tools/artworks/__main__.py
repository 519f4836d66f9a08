"""Paint all pictures into a folder: ``python -m tools.artworks data``."""

import argparse
import os
from pathlib import Path

import numpy as np
from PIL import Image

from . import NAMES, paint


def _save(name: str, folder: Path) -> None:
    """Write a painting as a JPEG; `save_image` would make files half as large again."""
    pixels = np.rint(paint(name) * 255).astype(np.uint8)
    temporary = folder / f".{name}.tmp"
    try:
        Image.fromarray(pixels).save(temporary, format="JPEG", quality=85, subsampling=0)
        os.replace(temporary, folder / f"{name}.jpg")
    finally:
        temporary.unlink(missing_ok=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.artworks", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the files go; it must exist")
    target = parser.parse_args().folder
    if not target.is_dir():
        parser.error(f"there is no folder '{target}'; make it first")
    for painting in NAMES:
        _save(painting, target)
