"""What the system tells of changes below a folder (inotify, or what there is): which folders to look at before their turn."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from hdrkit.files.text import show

_TELLING = ("created", "modified", "moved", "closed")  # opening and reading is what we do ourselves


class Notices(FileSystemEventHandler):
    """Folders below `root` in which something changed, but for those below `out`."""

    def __init__(self, root: Path, out: Path) -> None:
        self._root, self._out = root, out
        self._changed: set[Path] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._observer: BaseObserver | None = None

    def start(self) -> str:
        """Begin to listen, if that is not so; returns why it is not possible, or nothing."""
        if self._observer is not None and self._observer.is_alive():
            return ""
        self.stop()
        observer = Observer()
        if isinstance(observer, PollingObserver):
            return "the system tells nothing of new files; folders are looked through from time to time"
        try:
            observer.schedule(self, str(self._root), recursive=True)
            observer.start()
        except OSError as error:
            return f"{show(self._root)}: the system does not tell of new files ({error.strerror or error}); see fs.inotify limits"
        self._observer = observer
        return ""

    def stop(self) -> None:
        """Listen no more."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Keep the folder in which something happened."""
        if event.event_type in _TELLING:
            path = Path(os.fsdecode(event.dest_path or event.src_path))
            folder = path if event.is_directory else path.parent
            if not folder.is_relative_to(self._out) or self._root.is_relative_to(self._out):
                with self._lock:
                    self._changed.add(folder)
                self._wake.set()

    def take(self) -> set[Path]:
        """The folders that have changed since the last call."""
        self._wake.clear()
        with self._lock:
            changed, self._changed = self._changed, set()
        return changed

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or when something changed."""
        self._wake.wait(seconds)
