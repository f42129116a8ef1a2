"""A network that runs: arrays in, arrays out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Network(Protocol):
    """Weights that are loaded. It takes one array for each input, in order, and gives one for each output, in order."""

    def __call__(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Run the network once, over a whole batch."""
