"""The materials of surfaces: procedural albedo in metres on the surface."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hdrkit.simulate.noise import Floats, fractal, lattice, smoothstep, value_noise

Colour = tuple[float, float, float]

SPINES: tuple[Colour, ...] = (
    (0.45, 0.10, 0.08), (0.10, 0.20, 0.38), (0.62, 0.55, 0.38), (0.12, 0.28, 0.16),
    (0.70, 0.68, 0.62), (0.50, 0.30, 0.10), (0.20, 0.09, 0.22), (0.08, 0.09, 0.10),
)  # fmt: skip


@dataclass(frozen=True)
class Material:
    """A surface: a pattern of two linear sRGB albedos, the share of a varnish's mirror image (0..1), and glow (0 without)."""

    pattern: str = "plain"
    colour: Colour = (0.8, 0.8, 0.8)
    second: Colour = (0.2, 0.2, 0.2)
    gloss: float = 0.0
    glow: float = 0.0

    def albedo(self, u: Floats, v: Floats, width: float, height: float) -> Floats:
        """Albedo (3, N) at u, v metres from the corner of a surface of width x height metres."""
        return np.clip(PATTERNS[self.pattern](self, u, v, width, height), 0.002, 0.95)


def _tint(colour: Colour, factor: Floats) -> Floats:
    return np.array(colour, np.float32)[:, None] * factor


def _mix(first: Floats, second: Floats, share: Floats) -> Floats:
    return first + (second - first) * share


def _plain(m: Material, u: Floats, v: Floats, _w: float, _h: float) -> Floats:
    return _tint(m.colour, 0.94 + 0.12 * fractal(u * 60, v * 60, 3, 5))


def _plaster(m: Material, u: Floats, v: Floats, _w: float, _h: float) -> Floats:
    stain = fractal(u * 1.3, v * 1.3, 4, 1)
    grit = fractal(u * 90, v * 90, 3, 2)
    return _tint(m.colour, 0.80 + 0.18 * stain + 0.20 * grit)


def _grain(u: Floats, v: Floats, seed: Floats) -> Floats:
    """Wood grain along v, different for each board."""
    wander = 0.02 * fractal(v * 1.5 + seed * 31, u * 2, 2, 7)
    rings = fractal((u + wander) * 55 + seed * 91, v * 1.4 + seed * 17, 4, 8)
    pores = value_noise(u * 420, v * 18 + seed * 53, 9)
    return 0.55 + 0.75 * rings - 0.22 * pores


def _planks(m: Material, u: Floats, v: Floats, _w: float, _h: float) -> Floats:
    board = np.floor(u / 0.14)
    along = v / 1.6 + lattice(board, board, 3)
    piece = np.floor(along)
    tone = lattice(board, piece, 4)
    in_u, in_v = u - board * 0.14, (along - piece) * 1.6
    gap = smoothstep(0.0, 0.004, np.minimum(in_u, 0.14 - in_u)) * smoothstep(0.0, 0.004, np.minimum(in_v, 1.6 - in_v))
    wood = _mix(_tint(m.colour, np.ones_like(u)), _tint(m.second, np.ones_like(u)), 0.6 * tone)
    return wood * (_grain(in_u, v, tone) * (0.25 + 0.75 * gap))


def _wood(m: Material, u: Floats, v: Floats, width: float, height: float) -> Floats:
    across, along = (v, u) if width > height else (u, v)
    return _tint(m.colour, _grain(across, along, np.full_like(u, m.colour[1])))


def _tiles(m: Material, u: Floats, v: Floats, _w: float, _h: float) -> Floats:
    side = 0.45
    i, j = np.floor(u / side), np.floor(v / side)
    edge = np.minimum(np.minimum(u / side - i, i + 1 - u / side), np.minimum(v / side - j, j + 1 - v / side)) * side
    vein = np.abs(fractal(u * 3 + i * 7, v * 3 + j * 5, 5, 11) - 0.5)
    marble = 0.78 + 0.3 * smoothstep(0.0, 0.06, vein) * (0.7 + 0.3 * lattice(i, j, 12))
    stone = np.where((i + j) % 2 == 0, _tint(m.colour, marble), _tint(m.second, marble))
    return _mix(_tint((0.30, 0.29, 0.27), np.ones_like(u)), stone, smoothstep(0.003, 0.006, edge))


def _fabric(m: Material, u: Floats, v: Floats, _w: float, _h: float) -> Floats:
    weave = 0.5 * value_noise(u * 350, v * 60, 21) + 0.5 * value_noise(u * 60, v * 350, 22)
    wear = fractal(u * 5, v * 5, 3, 23)
    return _tint(m.colour, 0.55 + 0.5 * weave + 0.4 * wear)


def _curtain(m: Material, u: Floats, v: Floats, _w: float, _h: float) -> Floats:
    fold = np.sin(2 * math.pi * (u / 0.085 + 0.35 * value_noise(u * 3, v * 0.7, 24)))
    return _fabric(m, u, v, 0, 0) * (0.75 + 0.25 * fold)


def _books(_m: Material, u: Floats, v: Floats, _w: float, height: float) -> Floats:
    slot = np.floor(u / 0.034)
    inside = u / 0.034 - slot
    choice = (lattice(slot, slot * 0, 31) * len(SPINES)).astype(int)
    colour = np.array(SPINES, np.float32).T[:, np.minimum(choice, len(SPINES) - 1)]
    band = np.abs(v / height - 0.3 - 0.4 * lattice(slot, slot * 0, 32)) < 0.05
    top = v < height * (0.72 + 0.28 * lattice(slot, slot * 0, 33))
    spine = np.where(band, 0.35 * colour + 0.35, colour) * (0.75 + 0.35 * value_noise(u * 200, v * 40, 34))
    row: Floats = spine * smoothstep(0.0, 0.12, np.minimum(inside, 1 - inside)) * np.where(top, 1.0, 0.06)
    return row


def _painting(m: Material, u: Floats, v: Floats, width: float, height: float) -> Floats:
    x, y = u / height, v / height
    stroke = fractal(x * 24, y * 9, 3, 41)
    sky = _mix(_tint(m.colour, np.ones_like(u)), _tint((0.85, 0.75, 0.55), np.ones_like(u)), 1 - y + 0.3 * stroke)
    picture = sky
    for layer in range(4):
        ridge = 0.62 - 0.14 * layer + 0.22 * fractal(x * (1.5 + layer), x * 0, 4, 42 + layer)
        land = _tint(m.second, 0.35 + 0.25 * (4 - layer) * (0.6 + 0.6 * stroke))
        picture = np.where(y < ridge, land, picture)
    sun = np.hypot(x - 0.66 * width / height, y - 0.78) < 0.09
    picture = np.where(sun, _tint((0.9, 0.5, 0.2), np.ones_like(u)), picture)
    edge = np.minimum(np.minimum(u, width - u), np.minimum(v, height - v))
    return np.where(edge < 0.05, _tint((0.82, 0.80, 0.74), 0.95 + 0.1 * stroke), picture * (0.75 + 0.5 * stroke))


def _rug(m: Material, u: Floats, v: Floats, width: float, height: float) -> Floats:
    edge = np.minimum(np.minimum(u, width - u), np.minimum(v, height - v))
    diamond = np.abs((u / 0.32) % 1 - 0.5) + np.abs((v / 0.32) % 1 - 0.5)
    share = np.where(edge < 0.05, 0.0, np.where(edge < 0.20, (edge / 0.05 % 2 < 1) * 0.8, (np.abs(diamond - 0.5) < 0.12) * 1.0))
    accent = (diamond < 0.22) & (edge > 0.20)
    base = _mix(_tint(m.colour, np.ones_like(u)), _tint(m.second, np.ones_like(u)), share)
    base = np.where(accent, _tint((0.75, 0.62, 0.36), np.ones_like(u)), base)
    return base * (0.55 + 0.9 * fractal(u * 70, v * 70, 3, 51))


def _panels(m: Material, u: Floats, v: Floats, width: float, height: float) -> Floats:
    """Cupboard fronts: doors of about half a metre with a sunken field."""
    doors = max(1, round(width / 0.5))
    x = (u / width * doors) % 1 * width / doors
    side = width / doors
    edge = np.minimum(np.minimum(x, side - x), np.minimum(v, height - v))
    line = 1 - 0.75 * (edge < 0.006) - 0.35 * (np.abs(edge - 0.075) < 0.008)
    knob = np.hypot(x - 0.04, v - height / 2) < 0.018
    shade = line * (0.85 + 0.2 * fractal(u * 50, v * 6, 3, 61))
    return np.where(knob, _tint((0.55, 0.42, 0.18), np.ones_like(u)), _tint(m.colour, shade))


def _leaves(m: Material, u: Floats, v: Floats, _w: float, _h: float) -> Floats:
    leaf = fractal(u * 24, v * 24, 4, 71)
    return _tint(m.colour, 0.15 + 2.2 * smoothstep(0.38, 0.68, leaf))


PATTERNS: dict[str, Callable[[Material, Floats, Floats, float, float], Floats]] = {
    "plain": _plain,
    "plaster": _plaster,
    "planks": _planks,
    "wood": _wood,
    "tiles": _tiles,
    "fabric": _fabric,
    "curtain": _curtain,
    "books": _books,
    "painting": _painting,
    "rug": _rug,
    "panels": _panels,
    "leaves": _leaves,
}
