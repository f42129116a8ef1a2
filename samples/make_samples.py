"""Make the sample photographs: a card from a room shoot and a short all-sky series. The same bytes on every run.

Usage: python samples/make_samples.py [FOLDER]
"""

from __future__ import annotations

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from scipy import ndimage

from hdrkit.simulate import SimulatedCamera, allsky, handheld_transforms, room, simulate_bracket

ROOM_SIZE = (1200, 800)
ROOM_CAMERA = SimulatedCamera(response="scurve", balance=(0.96, 1.0, 0.93), name="Simulated HK-1")
ROOM_MIDDLE = 0.13  # exposure that a radiance of 1 gets in the middle frame
ROOM_BRACKETS = ("living_room", "dining_room", "bedroom")
HANDHELD = 1  # index of the bracket without a tripod
FIRST_NUMBER = 412
FIRST_SHOT = datetime(2024, 6, 14, 15, 42, 7)
F_NUMBER = Fraction(56, 10)

# As the camera shoots them: nominal time for the EXIF, true time as a power of two.
SHUTTER = {
    Fraction(1, 60): 2.0**-6,
    Fraction(1, 250): 2.0**-8,
    Fraction(1, 15): 2.0**-4,
    Fraction(1, 1000): 2.0**-10,
    Fraction(1, 4): 2.0**-2,
}

SKY_SIZE = 640
SKY_CAMERA = SimulatedCamera(response="scurve", balance=(0.98, 1.0, 0.95), name="Simulated sky camera")
SKY_TIMES_US = (100, 800, 6400, 51200)
SKY_ZENITH = 16.0  # radiance of the clear zenith, in saturations a second
SKY_STAMPS = tuple(datetime(2024, 6, 14, 9, 30) + timedelta(seconds=30 * step) for step in range(6))


@dataclass(frozen=True)
class Shot:
    """A picture on the card; `bracket` is empty for an accident or a repeat."""

    pixels: np.ndarray
    nominal: Fraction
    bracket: str
    pause_s: int


def room_radiance(view: int, size: tuple[int, int]) -> np.ndarray:
    """A room, scaled so that a radiance of 1 is saturation after one second."""
    return room(view, *size) * np.float32(ROOM_MIDDLE / SHUTTER[Fraction(1, 60)])


def accident(radiance: np.ndarray) -> np.ndarray:
    """The floor while the camera was carried on, half in a pocket."""
    height, width = radiance.shape[:2]
    floor = radiance[height * 2 // 3 :]
    floor = ndimage.zoom(floor, (height / len(floor), 1, 1), order=1)[:height]
    smeared = ndimage.gaussian_filter(ndimage.uniform_filter1d(floor, width // 6, axis=1), (height / 60, height / 60, 0))
    pocket = 1 / (1 + np.exp((np.arange(width) - 0.6 * width) / (0.05 * width)))
    return 0.4 * smeared * pocket[None, :, None]


def room_shots(size: tuple[int, int]) -> list[Shot]:
    """Everything on the card in shooting order."""
    with ProcessPoolExecutor(2) as pool:
        rooms = list(pool.map(room_radiance, range(len(ROOM_BRACKETS)), [size] * len(ROOM_BRACKETS)))
    times = list(SHUTTER.values())
    shots = []
    for view, (name, radiance) in enumerate(zip(ROOM_BRACKETS, rooms, strict=True)):
        moves = (
            handheld_transforms(len(times), *size, seed=5, shift=0.004, rotation_deg=0.35, reference=0)
            if view == HANDHELD
            else None
        )
        frames = simulate_bracket(radiance, ROOM_CAMERA, times, seed=100 + view, transforms=moves)
        for number, (frame, nominal) in enumerate(zip(frames, SHUTTER, strict=True)):
            shots.append(Shot(frame.pixels, nominal, name, 1 if number else 74))
        if view == 0:
            dropped = simulate_bracket(accident(radiance), ROOM_CAMERA, times[:1], seed=200)[0]
            shots.append(Shot(dropped.pixels, Fraction(1, 60), "", 31))
    repeat = simulate_bracket(rooms[-1], ROOM_CAMERA, times[-1:], seed=201)[0]
    shots.append(Shot(repeat.pixels, list(SHUTTER)[-1], "", 1))
    return shots


def exif(nominal: Fraction, taken_at: datetime) -> Image.Exif:
    """What the simulated camera writes about a shot."""
    stamp = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    tags = Image.Exif()
    tags.update({0x010F: "Simulated", 0x0110: "HK-1", 0x0112: 1, 0x0132: stamp})
    tags.get_ifd(0x8769).update(
        {
            0x829A: IFDRational(nominal.numerator, nominal.denominator),
            0x829D: IFDRational(F_NUMBER.numerator, F_NUMBER.denominator),
            0x8827: 100,
            0x9003: stamp,
            0x9004: stamp,
        }
    )
    return tags


def write_room(folder: Path, size: tuple[int, int] = ROOM_SIZE) -> None:
    """Write `room/IMG_0412.JPG` onward, and `room_groups.csv`, which says what belongs together."""
    card = folder / "room"
    card.mkdir(parents=True, exist_ok=True)
    taken_at, rows = FIRST_SHOT, []
    for number, shot in enumerate(room_shots(size), start=FIRST_NUMBER):
        taken_at += timedelta(seconds=shot.pause_s)
        path = card / f"IMG_{number:04d}.JPG"
        Image.fromarray(shot.pixels).save(path, "JPEG", quality=93, subsampling=0, exif=exif(shot.nominal, taken_at))
        if shot.bracket:
            rows.append((path.relative_to(folder).as_posix(), shot.bracket))
    with (folder / "room_groups.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("path", "bracket"), *rows])


def write_allsky(folder: Path, size: int = SKY_SIZE) -> None:
    """Write `allsky/YYYYmmddHHMMSS_<EXPO>.jpg`, exposure in microseconds, no EXIF: the sun climbs, the clouds drift."""
    series = folder / "allsky"
    series.mkdir(parents=True, exist_ok=True)
    for step, stamp in enumerate(SKY_STAMPS):
        sky = allsky(38 + 0.09 * step, 112 + 0.13 * step, size, cloud_seed=7, cloud_shift=(0.035 * step, 0.012 * step))
        frames = simulate_bracket(SKY_ZENITH * sky, SKY_CAMERA, [1e-6 * time for time in SKY_TIMES_US], seed=300 + step)
        for frame, time_us in zip(frames, SKY_TIMES_US, strict=True):
            Image.fromarray(frame.pixels).save(series / f"{stamp:%Y%m%d%H%M%S}_{time_us}.jpg", quality=93)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    write_room(target)
    write_allsky(target)
    written = sorted(target.rglob("*.[jJ][pP][gG]"))
    print(f"{len(written)} photographs, {sum(path.stat().st_size for path in written) / 1e6:.1f} MB, in {target}")
