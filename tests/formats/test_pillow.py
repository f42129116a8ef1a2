"""Headers read by several threads: none waits for another, and the settings of the process come back."""

import threading
import warnings

import pytest
from PIL import Image

from hdrkit.formats.metadata import read_photo
from hdrkit.formats.pillow import without_pillow_limit


@pytest.fixture
def reader():
    """Starts threads that read until they are released by the event that they come with."""
    ends = []

    def start():
        inside, end = threading.Event(), threading.Event()

        def read():
            with without_pillow_limit():
                inside.set()
                end.wait(30)

        thread = threading.Thread(target=read)
        thread.start()
        assert inside.wait(10)
        ends.append((thread, end))
        return thread, end

    yield start
    for thread, end in ends:
        end.set()
        thread.join()


def test_one_thread_reads_while_another_does(reader, tmp_path):
    Image.new("RGB", (4, 3)).save(tmp_path / "a.jpg")
    reader()
    photos = []
    thread = threading.Thread(target=lambda: photos.append(read_photo(tmp_path / "a.jpg")), daemon=True)
    thread.start()
    thread.join(10)
    assert [photo.width for photo in photos] == [4]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_settings_of_the_process_come_back_when_the_last_reader_has_ended(reader, monkeypatch, order):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 12345)
    filters = list(warnings.filters)
    readers = [reader() for _ in range(3)]
    for number in order:
        assert Image.MAX_IMAGE_PIXELS is None
        assert warnings.filters[0][0] == "ignore"
        thread, end = readers[number]
        end.set()
        thread.join()
    assert Image.MAX_IMAGE_PIXELS == 12345
    assert list(warnings.filters) == filters


def test_they_come_back_after_an_error_too(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 12345)
    with pytest.raises(KeyError), without_pillow_limit(), without_pillow_limit():
        raise KeyError
    assert Image.MAX_IMAGE_PIXELS == 12345
