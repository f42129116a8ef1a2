"""What tests of ranking photograph."""

import numpy as np
import pytest

from hdrkit.simulate import room


@pytest.fixture(scope="session")
def scenes() -> list[np.ndarray]:
    """Three views of a room, made once."""
    return [room(view, 480, 320) for view in range(3)]
