"""A folder that may disappear with its mount."""

from __future__ import annotations

import os
from pathlib import Path


class MountedFolder:
    """A folder and its mount point. A lost mount leaves an empty folder behind, and nothing may be written there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        resolved = path.resolve()
        self._mount = next(folder for folder in (resolved, *resolved.parents) if os.path.ismount(folder))

    def there(self) -> bool:
        """Whether the folder exists, on the same mount as at first."""
        return os.path.isdir(self.path) and os.path.ismount(self._mount)  # noqa: PTH112 - of a stale mount `is_dir` raises
