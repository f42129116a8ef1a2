"""Notices of the system about changes below a folder (inotify or similar). A changed folder is looked at at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from hdrkit.files.text import show

_CHANGES = ("created", "modified", "moved", "closed")  # the watch itself opens and reads files


class Notices(FileSystemEventHandler):
    """Collects the folders below `root` in which something changed, without those below `out`."""

    def __init__(self, root: Path, out: Path) -> None:
        self._root, self._out = root, out
        self._changed: set[Path] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._observer: BaseObserver | None = None

    def start(self) -> str:
        """Start to listen, unless it already does. Returns the reason if that is not possible, else an empty string."""
        if self._observer is not None and self._observer.is_alive():
            return ""
        self.stop()
        observer = Observer()
        if isinstance(observer, PollingObserver):
            return "this system does not report new files; the watch looks through the folders every --poll seconds"
        try:
            observer.schedule(self, str(self._root), recursive=True)
            observer.start()
        except OSError as error:
            return (
                f"{show(self._root)}: the system does not report new files ({error.strerror or error}); "
                "raise the limits fs.inotify, or the watch looks through the folders every --poll seconds"
            )
        self._observer = observer
        return ""

    def stop(self) -> None:
        """Stop listening."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Store the folder in which something changed."""
        if event.event_type in _CHANGES:
            path = Path(os.fsdecode(event.dest_path or event.src_path))
            folder = path if event.is_directory else path.parent
            if not folder.is_relative_to(self._out) or self._root.is_relative_to(self._out):
                with self._lock:
                    self._changed.add(folder)
                self._wake.set()

    def take(self) -> set[Path]:
        """The folders that changed since the last call."""
        self._wake.clear()
        with self._lock:
            changed, self._changed = self._changed, set()
        return changed

    def wait(self, seconds: float) -> None:
        """Wait until something changes, at most so many seconds."""
        self._wake.wait(seconds)
