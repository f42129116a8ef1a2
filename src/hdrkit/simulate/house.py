"""Three rooms of one house: their furniture, their walls, and the camera."""

from __future__ import annotations

from dataclasses import dataclass

from hdrkit.simulate import furniture as f
from hdrkit.simulate.furniture import BLACK, BRASS, OAK, WALNUT, WHITE, Solids, box
from hdrkit.simulate.lighting import Lamp, Lighting
from hdrkit.simulate.materials import Material
from hdrkit.simulate.scene import Opening, Scene
from hdrkit.simulate.solids import Box, Ellipsoid, Frustum, Point


@dataclass(frozen=True)
class Room:
    """A furnished room: materials of its shell, its lights, and a level camera.

    `walls` are those at the left, the right and the far end.
    """

    lighting: Lighting
    floor: Material
    ceiling: Material
    walls: tuple[Material, Material, Material]
    eye: Point
    yaw_deg: float
    view_deg: float

    @property
    def scene(self) -> Scene:
        """The geometry."""
        return self.lighting.scene


def living_room() -> Room:
    """Oak boards, a window ahead, sofa, shelf, floor lamp."""
    size = (5.2, 2.65, 5.4)
    window = Opening((-0.85, 1.50, 5.4), 0.95, 0.72, (0.0, 0.0, -1.0))
    lamp = Lamp(f.lamp_shade(2.05, 4.75, 1.45, 0.30, 0.23, glow=26.0), intensity=1.9)
    solids: Solids = [
        *f.window_frame(window, 3),
        *f.curtains(window, (0.55, 0.50, 0.40), 0.42, 0.45),
        *f.skirting(size, WHITE),
        *f.floor_lamp(lamp), lamp.shade, *f.bulb(lamp),
        *f.sofa(
            2.6, 3.0, 2.1, Material("fabric", (0.13, 0.20, 0.24)), ((0.62, 0.34, 0.07), (0.55, 0.52, 0.45), (0.42, 0.10, 0.08))
        ),
        *f.table(0.35, 3.0, 0.70, 1.15, 0.42, WALNUT),
        box(0.30, 0.42, 3.15, 0.22, 0.035, 0.30, Material("books")),
        Frustum(0.45, 2.75, 0.42, 0.60, 0.05, 0.075, Material("plaster", (0.62, 0.66, 0.66))),
        Box((-0.55, 0.0, 2.0), (1.75, 0.012, 4.05), Material("rug", (0.30, 0.05, 0.05), (0.07, 0.09, 0.18))),
        *f.bookshelf(1.18, 5.4, 1.05, 1.95, 5, WALNUT),
        *f.picture_side(2.6, 1.62, 3.0, 1.15, 0.72, (0.24, 0.38, 0.52), (0.20, 0.26, 0.16), BLACK),
        *f.picture_side(-2.6, 1.60, 3.7, 0.55, 0.75, (0.55, 0.42, 0.30), (0.30, 0.16, 0.12), BRASS),
        box(-2.33, 0.0, 3.55, 0.50, 0.62, 1.40, Material("panels", (0.60, 0.58, 0.52))),
        box(-2.33, 0.62, 3.55, 0.54, 0.03, 1.46, OAK),
        Frustum(-2.30, 3.15, 0.65, 0.95, 0.06, 0.09, Material("plaster", (0.08, 0.18, 0.22))),
        *f.plant(-2.15, 4.85, 1.05),
    ]  # fmt: skip
    scene = Scene(size, window, tuple(solids))
    walls = (
        Material("plaster", (0.70, 0.66, 0.58)),
        Material("plaster", (0.24, 0.40, 0.40)),
        Material("plaster", (0.72, 0.68, 0.60)),
    )
    return Room(
        lighting=Lighting(scene, lamp, (-0.30, 0.62, 1.0), (0.98, 0.92, 0.82)),
        floor=Material("planks", (0.50, 0.30, 0.15), (0.30, 0.16, 0.07), gloss=0.4),
        ceiling=Material("plaster", (0.82, 0.81, 0.78)),
        walls=walls,
        eye=(-0.35, 1.42, 0.15),
        yaw_deg=6.0,
        view_deg=76.0,
    )


def dining_room() -> Room:
    """Tiles, a window at the left, a laid table under a pendant lamp, a row of cupboards."""
    size = (4.8, 2.65, 5.0)
    window = Opening((-2.4, 1.52, 3.1), 0.85, 0.68, (1.0, 0.0, 0.0))
    lamp = Lamp(f.lamp_shade(0.15, 3.0, 1.52, 0.24, 0.30, glow=30.0), intensity=2.4)
    seat = Material("fabric", (0.42, 0.36, 0.26))
    front = Material("panels", (0.17, 0.27, 0.23))
    solids: Solids = [
        *f.window_frame(window, 2),
        *f.skirting(size, WHITE),
        *f.pendant(lamp, 2.65), lamp.shade, *f.bulb(lamp),
        *f.table(0.15, 3.0, 0.95, 1.70, 0.76, OAK),
        *(chair for z in (2.62, 3.40) for chair in f.chair(-0.55, z, 1, WALNUT, seat)),
        *(chair for z in (2.62, 3.40) for chair in f.chair(0.85, z, -1, WALNUT, seat)),
        Frustum(0.15, 3.05, 0.76, 0.84, 0.09, 0.19, Material("plaster", (0.75, 0.74, 0.70))),
        Ellipsoid((0.10, 0.86, 3.03), (0.065, 0.06, 0.065), Material("plain", (0.75, 0.30, 0.04))),
        Ellipsoid((0.22, 0.86, 3.08), (0.065, 0.06, 0.065), Material("plain", (0.55, 0.06, 0.04))),
        box(-0.55, 0.0, 4.70, 3.0, 0.88, 0.60, front),
        box(-0.55, 0.88, 4.68, 3.04, 0.04, 0.64, Material("tiles", (0.16, 0.16, 0.17), (0.18, 0.18, 0.19), gloss=0.5)),
        *f.oven(0.64, 4.395),
        box(-0.90, 1.55, 4.83, 2.2, 0.70, 0.34, front),
        box(1.62, 0.0, 4.65, 0.72, 1.90, 0.68, Material("panels", (0.66, 0.66, 0.64))),
        *(Frustum(x, 4.62, 0.92, 0.92 + tall, 0.055, 0.05, Material("plaster", colour)) for x, tall, colour in (
            (0.45, 0.22, (0.60, 0.20, 0.10)), (0.28, 0.17, (0.66, 0.60, 0.46)), (-1.70, 0.26, (0.10, 0.20, 0.34)))),
        *f.picture_side(2.4, 1.60, 2.7, 0.62, 0.85, (0.60, 0.42, 0.30), (0.14, 0.20, 0.28), OAK),
        *f.picture_side(2.4, 1.60, 3.7, 0.62, 0.85, (0.30, 0.44, 0.46), (0.30, 0.26, 0.10), OAK),
        *f.plant(-2.0, 4.05, 0.8),
    ]  # fmt: skip
    scene = Scene(size, window, tuple(solids))
    walls = (
        Material("plaster", (0.74, 0.66, 0.50)),
        Material("plaster", (0.58, 0.27, 0.17)),
        Material("plaster", (0.74, 0.67, 0.52)),
    )
    return Room(
        lighting=Lighting(scene, lamp, (-1.0, 0.72, -0.20), (0.98, 0.88, 0.72)),
        floor=Material("tiles", (0.62, 0.56, 0.47), (0.20, 0.17, 0.15), gloss=0.6),
        ceiling=Material("plaster", (0.84, 0.82, 0.78)),
        walls=walls,
        eye=(0.75, 1.48, 0.15),
        yaw_deg=-13.0,
        view_deg=78.0,
    )


def bedroom() -> Room:
    """Dark boards, a window at the right, a bed, a wardrobe, a lamp on the night table."""
    size = (4.6, 2.55, 4.8)
    window = Opening((2.3, 1.45, 2.75), 0.80, 0.70, (-1.0, 0.0, 0.0))
    lamp = Lamp(f.lamp_shade(-1.42, 4.45, 0.92, 0.22, 0.16, glow=24.0), intensity=0.95)
    solids: Solids = [
        *f.window_frame(window, 2),
        *f.curtains(window, (0.16, 0.20, 0.34), 0.38, 0.55),
        *f.skirting(size, WHITE),
        Frustum(-1.42, 4.45, 0.55, 0.94, 0.06, 0.02, BRASS), lamp.shade, *f.bulb(lamp),
        box(-1.42, 0.0, 4.50, 0.50, 0.55, 0.45, Material("panels", (0.36, 0.22, 0.12))),
        *f.bed(
            0.0, 4.8, 1.6, 2.05,
            Material("fabric", (0.78, 0.76, 0.72)), Material("rug", (0.12, 0.15, 0.30), (0.50, 0.46, 0.38)), OAK,
        ),
        box(-1.98, 0.0, 2.55, 0.62, 2.10, 1.70, Material("panels", (0.52, 0.40, 0.27))),
        box(1.45, 0.0, 4.50, 0.50, 0.55, 0.45, Material("panels", (0.36, 0.22, 0.12))),
        box(1.40, 0.55, 4.48, 0.17, 0.10, 0.24, Material("books")),
        *f.picture_far(0.0, 1.68, 4.8, 1.10, 0.62, (0.36, 0.40, 0.58), (0.18, 0.16, 0.24), WHITE),
        Box((-0.95, 0.0, 1.45), (1.35, 0.012, 2.75), Material("rug", (0.50, 0.46, 0.38), (0.10, 0.16, 0.20))),
        *f.table(1.82, 1.55, 0.62, 0.95, 0.74, OAK),
        box(1.95, 0.74, 1.75, 0.03, 0.30, 0.46, BLACK),
        *f.plant(1.95, 3.95, 0.85),
    ]  # fmt: skip
    scene = Scene(size, window, tuple(solids))
    walls = (
        Material("plaster", (0.60, 0.64, 0.70)),
        Material("plaster", (0.62, 0.65, 0.70)),
        Material("plaster", (0.20, 0.28, 0.42)),
    )
    return Room(
        lighting=Lighting(scene, lamp, (1.0, 0.75, -0.35), (0.84, 0.88, 0.94)),
        floor=Material("planks", (0.20, 0.11, 0.06), (0.12, 0.06, 0.03), gloss=0.5),
        ceiling=Material("plaster", (0.80, 0.81, 0.82)),
        walls=walls,
        eye=(-0.45, 1.46, 0.12),
        yaw_deg=11.0,
        view_deg=80.0,
    )


ROOMS = (living_room, dining_room, bedroom)
