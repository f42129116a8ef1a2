"""Every thumbnail is found in its cell."""

import cv2
import numpy as np
import pytest

from hdrkit.results.atlas import SHEET, atlas_of


def jpeg(colour, width, height):
    return cv2.imencode(".jpg", np.full((height, width, 3), colour, np.uint8))[1].tobytes()


def cell_of(atlas, k):
    sheet, at = divmod(k, atlas.columns**2)
    picture = cv2.imdecode(np.frombuffer(atlas.sheets[sheet], np.uint8), cv2.IMREAD_COLOR)
    y, x = (atlas.cell * place for place in divmod(at, atlas.columns))
    return picture[y : y + atlas.cell, x : x + atlas.cell].astype(int)


def test_thumbnails_lie_in_their_cells_and_fill_the_rest_with_their_edge():
    colours = [(10 * k, 250 - 10 * k, 30 + 8 * k) for k in range(25)]
    atlas = atlas_of([jpeg(colour, 96 if k % 2 else 40, 64) for k, colour in enumerate(colours)])
    assert (atlas.cell, atlas.columns, len(atlas.sheets)) == (96, 21, 1)
    assert atlas.sizes[:2] == ((40, 64), (96, 64))
    for k, colour in enumerate(colours):
        assert np.abs(cell_of(atlas, k)[2:-2, 2:-2] - colour).max() < 12, k


@pytest.mark.parametrize(("number", "cell", "sheets"), [(1_500, 96, 4), (1_501, 64, 2), (6_000, 64, 6), (6_001, 32, 2)])
def test_many_pictures_have_small_cells(number, cell, sheets):
    atlas = atlas_of([jpeg((200, 100, 50), 96, 48)] * (number - 1) + [jpeg((10, 20, 240), 48, 96)])
    assert (atlas.cell, len(atlas.sheets)) == (cell, sheets)
    assert atlas.sizes[0] == (cell, cell // 2)
    assert np.abs(cell_of(atlas, number - 1)[2:-2, 2 : cell // 2 - 2] - (10, 20, 240)).max() < 12
    for sheet in atlas.sheets:
        height, width = cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_COLOR).shape[:2]
        assert width <= SHEET
        assert height <= SHEET


@pytest.mark.parametrize("broken", [b"", b"no picture"])
def test_a_thumbnail_that_cannot_be_decoded_is_grey(broken):
    atlas = atlas_of([broken])
    assert np.abs(cell_of(atlas, 0) - 96).max() < 4


def test_a_thumbnail_that_is_too_large_or_of_a_few_pixels_fits():
    atlas = atlas_of([jpeg((9, 9, 9), 400, 2), jpeg((9, 9, 9), 3, 3), jpeg((9, 9, 9), 96, 96)])
    assert atlas.sizes == ((96, 1), (3, 3), (96, 96))


def test_no_pictures_have_no_sheets():
    assert atlas_of([]).sheets == ()
