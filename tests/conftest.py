"""What several test files share."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # as the command line does
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small systems, and tests run side by side

pytest_plugins = [
    "tests.fixtures.sky",
    "tests.fixtures.photographs",
    "tests.fixtures.scenes",
    "tests.fixtures.reads",
    "tests.fixtures.maps",
    "tests.fixtures.browser",
]

# The same examples on every run: what passes here passes in continuous integration.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what tests cache, and the persons they find, apart from what the user's runs do."""
    os.environ["HDRKIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["HDRKIT_GALLERY"] = str(tmp_path_factory.mktemp("gallery"))


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

        logger = logging.getLogger("hdrkit")
        before = logger.level, logger.propagate, logger.handlers
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([os.fspath(word) if isinstance(word, Path) else str(word) for word in arguments])
        logger.setLevel(before[0])  # the commands print records; other tests read them
        logger.propagate, logger.handlers = before[1:]
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
        **camera_is: Any,
    ) -> list[Path]:
        import cv2
        from PIL import Image
        from PIL.TiffImagePlugin import IFDRational

        from hdrkit.simulate import SimulatedCamera, chart, simulate_bracket

        camera = SimulatedCamera(bits=bits, **camera_is)
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


@pytest.fixture
def card(tmp_path: Path, shoot: Callable[..., list[Path]]) -> Path:
    """An unsorted card: two brackets with equal file names, one frame of them twice, a lone, a black and a broken file."""
    from shutil import copyfile

    import cv2
    import numpy as np

    folder = tmp_path / "card"
    for seed, name in enumerate(("first", "second")):
        shoot(folder / name, seed=seed)
    copyfile(folder / "second" / "2.png", folder / "second" / "2 again.png")
    shoot(folder / "alone", suffix="jpg", times_s=(1 / 8,), seed=5)
    cv2.imwrite(str(folder / "black.png"), np.zeros((48, 72, 3), np.uint8))
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture
def sort_card() -> Callable[[Path], object]:
    """What grouping makes of `card`, as a GroupingResult."""

    def sort(folder: Path) -> object:
        from hdrkit import read_photo
        from hdrkit.types import Cluster, Failure, Flag, GroupingReport, GroupingResult, Kind, Member

        def member(name: str, ev: float | None, *flags: Flag) -> Member:
            return Member(read_photo(folder / name), ev, flags)

        first = tuple(member(f"first/{k}.png", 3.0 * k - 3) for k in range(3))
        second = (*(member(f"second/{k}.png", 3.0 * k - 3) for k in range(3)), member("second/2 again.png", 3.0, Flag.DUPLICATE))
        reasons = ("all frames agree (least 0.81)", "steps of 3.0 EV")
        clusters = (
            Cluster("cluster_0", "view_0", Kind.BRACKET, first, 1, 0.97, reasons, {"similarity": 0.81, "hdr_score": 0.6}),
            Cluster("cluster_1", "view_1", Kind.BRACKET, second, 1, 0.52, ("frames agree weakly (least 0.33)",)),
            Cluster("cluster_2", "view_1", Kind.SINGLE, (member("alone/0.jpg", 0.0),), 0, 0.9),
        )
        black = Member(read_photo(folder / "black.png"), None, (Flag.NO_CONTENT,), "nothing to see in it")
        broken = Failure(folder / "broken.jpg", f"{folder / 'broken.jpg'}: not an image, or one damaged beyond recognition")
        return GroupingResult(clusters, (black,), (broken,), GroupingReport({}, {"ingest": 0.25}, ("a note of the run",), 1))

    return sort


@pytest.fixture(scope="session")
def preview_codes() -> Callable[[int], Any]:
    """A textured picture (160, 240, 3) of codes, another for each number."""
    import cv2
    import numpy as np

    def render(scene: int) -> np.ndarray:
        rng = np.random.default_rng(scene)
        layers = [cv2.resize(rng.random((size, size)), (240, 160), interpolation=cv2.INTER_CUBIC) for size in (5, 17, 60)]
        return np.repeat(np.clip(40 + 60 * sum(layers), 10, 245).astype(np.uint8)[:, :, None], 3, axis=2)

    return render
