"""What several test files share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # as the command line does
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small systems, and tests run side by side

# The same examples on every run: what passes here passes in continuous integration.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The photographs that HDRKIT_DATA points to, or those beside the repository."""
    folder = Path(os.environ.get("HDRKIT_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no photographs: set HDRKIT_DATA to their folder")
    return folder


class Outcome(NamedTuple):
    """What a command left: its exit code and what it printed, the lines of C libraries included."""

    code: int
    out: str
    err: str


@pytest.fixture
def hdrkit(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command of hdrkit in this process."""

    def run(*arguments: object) -> Outcome:
        from hdrkit.cli.app import main

        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([os.fspath(word) if isinstance(word, Path) else str(word) for word in arguments])
        return Outcome(int(ended.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def shoot() -> Callable[..., list[Path]]:
    """Photograph a chart of ten stops into a folder: files with EXIF, or with the milliseconds in their names."""

    def take(
        folder: Path,
        suffix: str = "png",
        times_s: tuple[float, ...] = (1 / 64, 1 / 8, 1),
        exif: bool = True,
        seed: int = 0,
        size: tuple[int, int] = (72, 48),
        bits: int = 8,
    ) -> list[Path]:
        import cv2
        from PIL import Image
        from PIL.TiffImagePlugin import IFDRational

        from hdrkit.simulate import SimulatedCamera, chart, simulate_bracket

        camera = SimulatedCamera(bits=bits)
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for k, frame in enumerate(simulate_bracket(chart(*size, stops=10, seed=seed), camera, times_s, seed)):
            path = folder / (f"{k}.{suffix}" if exif else f"frame_{round(1000 * times_s[k])}.{suffix}")
            tags = Image.Exif()
            if exif:
                tags[272] = camera.name
                tags.get_ifd(0x8769)[0x829A] = IFDRational(*times_s[k].as_integer_ratio())
            if bits == 8:
                Image.fromarray(frame.pixels).save(path, exif=tags, **({"quality": 98} if suffix == "jpg" else {}))
            else:
                cv2.imwrite(str(path), frame.pixels[..., ::-1])
            paths.append(path)
        return paths

    return take


@pytest.fixture
def room(tmp_path: Path, shoot: Callable[..., list[Path]]) -> Path:
    """A folder with one bracket of four photographs."""
    shoot(tmp_path / "room", times_s=(1 / 64, 1 / 16, 1 / 4, 1))
    return tmp_path / "room"


@pytest.fixture
def curve(tmp_path: Path) -> Path:
    """The true response of the camera that `shoot` photographs with, as a file."""
    from hdrkit import write_curve
    from hdrkit.simulate import SimulatedCamera

    return write_curve(SimulatedCamera().response_curve(), tmp_path / "truth.npz")
