"""Folders that may vanish with their mount."""

from __future__ import annotations

import os
from pathlib import Path


class MountedFolder:
    """A folder, and what it is mounted on: a mount that goes leaves an empty folder behind, which must not be filled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        resolved = path.resolve()
        self._mount = next(folder for folder in (resolved, *resolved.parents) if os.path.ismount(folder))

    def there(self) -> bool:
        """Whether the folder is there, on the mount where it was at first."""
        return os.path.isdir(self.path) and os.path.ismount(self._mount)  # noqa: PTH112 - of a stale mount `is_dir` raises
