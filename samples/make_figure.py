"""Draw docs/demo.jpg: the exposures of one sample bracket above the radiance that `make demo` merged them into.

python samples/make_figure.py            (after make demo)
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
DARK_TO_BRIGHT = ("IMG_0415", "IMG_0413", "IMG_0412", "IMG_0414", "IMG_0416")
WIDTH, GAP = 1000, 6


def main() -> None:
    """Write the figure."""
    merged = Image.open(ROOT / "demo" / "room" / "living_room_preview.jpg")
    merged = merged.resize((WIDTH, round(merged.height * WIDTH / merged.width)), Image.Resampling.LANCZOS)
    width = (WIDTH - GAP * (len(DARK_TO_BRIGHT) - 1)) // len(DARK_TO_BRIGHT)
    frames = [Image.open(ROOT / "samples" / "room" / f"{name}.JPG") for name in DARK_TO_BRIGHT]
    strip = [frame.resize((width, round(frame.height * width / frame.width)), Image.Resampling.LANCZOS) for frame in frames]
    figure = Image.new("RGB", (WIDTH, strip[0].height + GAP + merged.height), "white")
    for at, frame in enumerate(strip):
        figure.paste(frame, (at * (width + GAP), 0))
    figure.paste(merged, (0, strip[0].height + GAP))
    target = ROOT / "docs" / "demo.jpg"
    target.parent.mkdir(exist_ok=True)
    figure.save(target, quality=88)
    print(f"wrote {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
