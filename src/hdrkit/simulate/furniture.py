"""Furniture from boxes, frustums and ellipsoids. Every function returns the solids of one piece."""

from __future__ import annotations

from hdrkit.simulate.lighting import Lamp
from hdrkit.simulate.materials import Colour, Material
from hdrkit.simulate.scene import Opening
from hdrkit.simulate.solids import Box, Ellipsoid, Frustum, Solid

WHITE = Material("plain", (0.80, 0.79, 0.76))
BLACK = Material("plain", (0.03, 0.03, 0.03))
OAK = Material("wood", (0.42, 0.26, 0.13), gloss=0.3)
WALNUT = Material("wood", (0.17, 0.09, 0.05), gloss=0.4)
SMOKED_GLASS = Material("plain", (0.006, 0.006, 0.006))
STEEL = Material("plain", (0.42, 0.42, 0.43))
BRASS = Material("plain", (0.45, 0.34, 0.14))
LEAVES = Material("leaves", (0.07, 0.17, 0.05))
CLAY = Material("plaster", (0.50, 0.24, 0.14))

Solids = list[Solid]


def box(x: float, y: float, z: float, width: float, height: float, depth: float, material: Material) -> Box:
    """A box, given by the middle of its footprint and its underside."""
    return Box((x - width / 2, y, z - depth / 2), (x + width / 2, y + height, z + depth / 2), material)


def table(x: float, z: float, width: float, depth: float, height: float, material: Material) -> Solids:
    """A top on four legs."""
    legs: Solids = [
        Frustum(x + sx * (width / 2 - 0.06), z + sz * (depth / 2 - 0.06), 0, height - 0.04, 0.020, 0.032, material)
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    return [box(x, height - 0.04, z, width, 0.04, depth, material), *legs]


def chair(x: float, z: float, towards: int, material: Material, seat: Material) -> Solids:
    """A kitchen chair that faces +x or -x."""
    back = x - towards * 0.20
    legs: Solids = [Frustum(x + sx * 0.18, z + sz * 0.18, 0, 0.44, 0.016, 0.022, material) for sx in (-1, 1) for sz in (-1, 1)]
    posts: Solids = [box(back, 0.47, z + sz * 0.18, 0.03, 0.48, 0.03, material) for sz in (-1, 1)]
    rails: Solids = [box(back, y, z, 0.025, 0.09, 0.36, material) for y in (0.62, 0.82)]
    return [box(x, 0.43, z, 0.42, 0.05, 0.42, seat), *legs, *posts, *rails]


def oven(x: float, z: float) -> Solids:
    """A built-in oven, its front at z: panel, door of smoked glass, handle."""
    return [
        box(x, 0.14, z, 0.60, 0.72, 0.02, STEEL),
        box(x, 0.18, z - 0.01, 0.54, 0.48, 0.02, SMOKED_GLASS),
        box(x, 0.68, z - 0.03, 0.46, 0.02, 0.03, STEEL),
        *(Frustum(x + dx, z - 0.02, 0.76, 0.80, 0.018, 0.018, BLACK) for dx in (-0.2, -0.1, 0.1, 0.2)),
    ]


def sofa(x: float, z: float, length: float, cloth: Material, cushions: tuple[Colour, ...]) -> Solids:
    """A sofa against the right wall at x, facing left."""
    parts: Solids = [
        box(x - 0.45, 0.10, z, 0.85, 0.20, length, cloth),
        box(x - 0.10, 0.10, z, 0.20, 0.75, length, cloth),
        *(box(x - 0.45, 0.10, z + side * (length / 2 - 0.10), 0.90, 0.52, 0.20, cloth) for side in (-1, 1)),
        *(box(x - 0.55, 0.30, z + side * (length / 4 - 0.06), 0.68, 0.15, length / 2 - 0.13, cloth) for side in (-1, 1)),
    ]
    gap = (length - 0.8) / max(1, len(cushions) - 1)
    for number, colour in enumerate(cushions):
        at = z - length / 2 + 0.4 + number * gap
        parts.append(Ellipsoid((x - 0.30, 0.64, at), (0.10, 0.21, 0.23), Material("fabric", colour)))
    return parts


def bed(x: float, z: float, width: float, length: float, linen: Material, blanket: Material, wood: Material) -> Solids:
    """A bed whose head stands against the far wall at z."""
    near = z - length
    return [
        box(x, 0.0, z - 0.04, width + 0.16, 1.10, 0.08, wood),
        box(x, 0.12, z - length / 2, width + 0.06, 0.22, length, wood),
        box(x, 0.34, z - length / 2, width, 0.20, length - 0.06, linen),
        box(x, 0.36, near + length * 0.33, width + 0.04, 0.22, length * 0.68, blanket),
        *(Ellipsoid((x + side * width / 4, 0.62, z - 0.33), (width / 4.6, 0.12, 0.24), linen) for side in (-1, 1)),
    ]


def bookshelf(x: float, z: float, width: float, height: float, shelves: int, wood: Material) -> Solids:
    """A shelf against the far wall at z, with books of several heights."""
    depth, step = 0.30, height / shelves
    parts: Solids = [
        box(x, 0.0, z - 0.01, width, height, 0.02, wood),
        *(box(x + side * (width / 2 - 0.015), 0.0, z - depth / 2, 0.03, height, depth, wood) for side in (-1, 1)),
        *(box(x, level * step, z - depth / 2, width, 0.03, depth, wood) for level in range(shelves)),
        box(x, height, z - depth / 2, width + 0.04, 0.03, depth + 0.02, wood),
    ]
    books = Material("books")
    for level in range(shelves):
        filled = width * (0.90, 0.62, 0.78, 0.84, 0.55)[level % 5]
        left = x - width / 2 + 0.03 + (0.0 if level % 2 else width * 0.06)
        low = (left, level * step + 0.03, z - 0.24)
        parts.append(Box(low, (left + filled - 0.06, low[1] + step * 0.78, z - 0.03), books))
    return parts


def picture_far(x: float, y: float, z: float, width: float, height: float, sky: Colour, land: Colour, frame: Material) -> Solids:
    """A framed painting on the far wall at z."""
    inner = Material("painting", sky, land)
    return [
        box(x, y - height / 2 - 0.04, z - 0.015, width + 0.08, height + 0.08, 0.03, frame),
        box(x, y - height / 2, z - 0.02, width, height, 0.036, inner),
    ]


def picture_side(x: float, y: float, z: float, width: float, height: float, sky: Colour, land: Colour, frame: Material) -> Solids:
    """A framed painting on a side wall at x."""
    inner = Material("painting", sky, land)
    return [
        box(x, y - height / 2 - 0.04, z, 0.06, height + 0.08, width + 0.08, frame),
        box(x, y - height / 2, z, 0.072, height, width, inner),
    ]


def plant(x: float, z: float, size: float) -> Solids:
    """A bush in a clay pot."""
    crown = (
        (0.0, 1.0, 0.0, 0.34),
        (0.22, 0.85, 0.1, 0.24),
        (-0.2, 0.9, -0.08, 0.26),
        (0.05, 1.28, -0.05, 0.24),
        (-0.1, 0.7, 0.2, 0.2),
    )
    balls: Solids = [
        Ellipsoid((x + dx * size, dy * size, z + dz * size), (r * size, r * size * 0.85, r * size), LEAVES)
        for dx, dy, dz, r in crown
    ]
    return [
        Frustum(x, z, 0, 0.38 * size, 0.15 * size, 0.21 * size, CLAY),
        Frustum(x, z, 0.38 * size, 0.8 * size, 0.02, 0.02, WALNUT),
        *balls,
    ]


def lamp_shade(x: float, z: float, bottom: float, height: float, radius: float, glow: float) -> Frustum:
    """The glowing shade of a lamp."""
    cloth = Material("fabric", (0.95, 0.68, 0.38), glow=glow)
    return Frustum(x, z, bottom, bottom + height, radius, radius * 0.7, cloth, capped=False)


def bulb(lamp: Lamp) -> Solids:
    """The bare bulb that is seen from below or above."""
    return [Ellipsoid(lamp.bulb, (0.035, 0.05, 0.035), Material("plain", (1.0, 0.80, 0.52), glow=6 * lamp.shade.material.glow))]


def floor_lamp(lamp: Lamp) -> Solids:
    """Foot and pole under a shade."""
    x, z = lamp.shade.x, lamp.shade.z
    return [Frustum(x, z, 0, 0.03, 0.15, 0.14, BLACK), Frustum(x, z, 0.03, lamp.shade.bottom + 0.04, 0.012, 0.012, BRASS)]


def pendant(lamp: Lamp, ceiling: float) -> Solids:
    """A cable from the ceiling to a shade."""
    x, z = lamp.shade.x, lamp.shade.z
    return [
        Frustum(x, z, lamp.shade.top - 0.02, ceiling, 0.006, 0.006, BLACK),
        Frustum(x, z, ceiling - 0.03, ceiling, 0.05, 0.06, WHITE),
    ]


def window_frame(window: Opening, columns: int) -> Solids:
    """Frame, bars, sill and a deep reveal around an opening."""
    bars: Solids = []
    width, height = window.half_width, window.half_height
    span = 2 * width + 0.16
    for across in [2 * width * k / columns - width for k in range(columns + 1)]:
        bars.append(_in_wall(window, across, 0.0, 0.06, 2 * height, 0.07, WHITE))
    for up, thick in ((-height, 0.08), (0.35 * height, 0.05), (height, 0.08)):
        bars.append(_in_wall(window, 0.0, up, 2 * width, thick, 0.07, WHITE))
    bars.append(_in_wall(window, 0.0, -height - 0.06, span, 0.04, 0.24, WHITE))
    bars.append(_in_wall(window, 0.0, height + 0.08, span, 0.09, 0.035, WHITE))
    bars.extend(_in_wall(window, side * (width + 0.05), 0.0, 0.07, 2 * height + 0.1, 0.03, WHITE) for side in (-1, 1))
    return bars


def curtains(window: Opening, colour: Colour, width: float, drop: float) -> Solids:
    """A pair of curtains and their rail."""
    cloth = Material("curtain", colour)
    height = 2 * window.half_height + 0.25 + drop
    at = window.half_width + width / 2 - 0.08
    sides: Solids = [_in_wall(window, side * at, 0.12 - drop / 2, width, height, 0.13, cloth, 0.09) for side in (-1, 1)]
    return [*sides, _in_wall(window, 0.0, window.half_height + 0.27, 2 * at + width + 0.2, 0.03, 0.03, BRASS, 0.10)]


def skirting(size: tuple[float, float, float], material: Material) -> Solids:
    """Skirting boards along three walls and a moulding under the ceiling."""
    width, height, depth = size
    boards: Solids = []
    for y, tall, thick in ((0.0, 0.10, 0.03), (height - 0.07, 0.07, 0.08)):
        boards.append(box(0.0, y, depth, width, tall, 2 * thick, material))
        boards.extend(box(side * width / 2, y, depth / 2, 2 * thick, tall, depth, material) for side in (-1, 1))
    return boards


def _in_wall(
    window: Opening, across: float, up: float, width: float, height: float, depth: float, material: Material, off: float = 0.0
) -> Box:
    """A box at a position in the plane of a window's wall, `depth` thick towards the room and `off` away from the wall."""
    nx, _, nz = window.inward
    ax, _, az = window.along
    x, y, z = window.centre
    reach = off + depth / 2
    return box(
        x + ax * across + nx * reach, y + up - height / 2, z + az * across + nz * reach,
        abs(ax) * width + abs(nx) * depth, height, abs(az) * width + abs(nz) * depth, material,
    )  # fmt: skip
