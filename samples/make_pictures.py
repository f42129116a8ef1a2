"""Draw docs/demo.jpg and the pictures of docs/pictures.md from the sample brackets.

python samples/make_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from hdrkit import AlignmentOptions, RenderOptions, calibrate, find_brackets, fuse, merge, read_bracket, render
from hdrkit.tonemapping.options import Operator
from hdrkit.types import RadianceMap

ROOT = Path(__file__).resolve().parent.parent
CARD, DOCS = ROOT / "samples" / "room", ROOT / "docs"
LIVING, DINING, BEDROOM = range(412, 417), range(418, 423), range(423, 428)
WIDE, WIDTH, GAP, QUALITY = 1200, 1000, 6, 85
CONTROLS = {"exposure": 1.0, "contrast": 0.8, "detail": 0.8, "saturation": 0.6, "warmth": 0.6}
GLOBAL, LOCAL = RenderOptions(Operator.REINHARD), RenderOptions()

Picture = np.ndarray


def photographs(numbers: range) -> list[Path]:
    """The photographs of a bracket of rooms."""
    return [CARD / f"IMG_0{number}.JPG" for number in numbers]


def merged(numbers: range) -> RadianceMap:
    """The radiance of a bracket of rooms, by the curve that its frames show."""
    bracket = read_bracket(photographs(numbers))
    return merge(bracket, response=calibrate(bracket).response).radiance


def image(picture: Picture) -> Image.Image:
    """A picture in 0..1 as an image of 8 bits."""
    return Image.fromarray(np.rint(255 * picture).astype(np.uint8))


def beside(images: list[Image.Image], width: int = WIDTH) -> Image.Image:
    """Images of one shape side by side."""
    each = (width - GAP * (len(images) - 1)) // len(images)
    small = [one.resize((each, round(one.height * each / one.width)), Image.Resampling.LANCZOS) for one in images]
    figure = Image.new("RGB", (width, small[0].height), "white")
    for at, one in enumerate(small):
        figure.paste(one, (at * (each + GAP), 0))
    return figure


def above(images: list[Image.Image]) -> Image.Image:
    """Images of one width, one above the other."""
    figure = Image.new("RGB", (images[0].width, sum(one.height + GAP for one in images) - GAP), "white")
    top = 0
    for one in images:
        figure.paste(one, (0, top))
        top += one.height + GAP
    return figure


def save(figure: Image.Image, name: str) -> None:
    """Write a figure below docs."""
    (DOCS / name).parent.mkdir(exist_ok=True)
    figure.save(DOCS / name, quality=QUALITY)
    print(f"wrote docs/{name}")


def main() -> None:
    """Write the figures."""
    living, bedroom = merged(LIVING), merged(BEDROOM)
    frames = [Image.open(path) for path in photographs(LIVING)]
    frames.sort(key=lambda one: float(np.asarray(one).mean()))
    pair = beside([image(render(living, options)) for options in (GLOBAL, LOCAL)], WIDE)
    save(above([beside(frames, WIDE), pair]), "demo.jpg")
    save(beside([image(render(bedroom, options)) for options in (GLOBAL, LOCAL)]), "pictures/bedroom.jpg")
    dining = read_bracket(photographs(DINING))
    crop = AlignmentOptions(crop=True)
    radiance = merge(dining, response=calibrate(dining).response, alignment=crop).radiance
    save(beside([image(fuse(dining, crop).picture), image(render(radiance))]), "pictures/dining_room.jpg")
    sky = find_brackets(ROOT / "samples" / "allsky").brackets[:1]
    still = AlignmentOptions(method="none")
    series = read_bracket([photo.path for photo in sky[0].photos])
    radiance = merge(series, response=calibrate(sky, alignment=still).response, alignment=still).radiance
    save(beside([image(render(radiance, options)) for options in (GLOBAL, LOCAL)], 900), "pictures/sky.jpg")
    for name, much in CONTROLS.items():
        changed = [render(living, RenderOptions(**{name: value})) for value in (-much, 0.0, much)]
        save(beside([image(one) for one in changed]), f"pictures/{name}.jpg")


if __name__ == "__main__":
    main()
