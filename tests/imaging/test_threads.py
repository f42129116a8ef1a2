import os
import threading

from hdrkit import find_brackets
from hdrkit.alignment.chain import align
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.formats import pixels
from hdrkit.formats.pixels import read_frames
from hdrkit.imaging.threads import lasting_threads


def test_reading_and_aligning_start_no_threads_of_their_own(room, monkeypatch):
    used = set()
    real = pixels.decode

    def noting(*arguments):
        used.add(threading.get_ident())
        return real(*arguments)

    monkeypatch.setattr(pixels, "decode", noting)
    (bracket,) = find_brackets(room).brackets
    for _ in range(20):
        align(read_frames(bracket.photos), 1, AlignmentOptions())
    assert used <= {thread.ident for thread in threading.enumerate() if thread.name.startswith("hdrkit")}
    assert len(used) <= (os.cpu_count() or 1)
    assert lasting_threads() is lasting_threads()


def test_a_forked_process_has_threads_of_its_own():
    assert lasting_threads().submit(int, "3").result() == 3
    if (child := os.fork()) == 0:
        os._exit(lasting_threads().submit(int, "3").result(5))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
