"""Tables as people and spreadsheets write them."""

import pytest

from hdrkit.errors import InputError
from hdrkit.files.tables import read_rows, to_csv


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_whatever_separates_its_cells(tmp_path, separator):
    table = tmp_path / "table.csv"
    cells = [["Path", "area"], ["a.jpg", '"[1, 2]"'], ["b.jpg"]]
    table.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(separator.join(row) for row in cells).encode())
    assert list(read_rows(table, ("path",))) == [(2, {"path": "a.jpg", "area": "[1, 2]"}), (3, {"path": "b.jpg", "area": ""})]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_and_utf_16_of_spreadsheets_are_read(tmp_path, separator):
    table = tmp_path / "table.csv"
    cells = [["path", "eyes", "area"], ["1,5.jpg", "0,8125", '"[1, 2]"'], ["b.jpg", "-1,5E-03", "1,2,3"]]
    text = "\r\n".join(separator.join(row) for row in cells)
    for encoding in ("utf-8-sig", "utf-16"):
        table.write_bytes(text.encode(encoding))
        assert [list(row.values()) for _, row in read_rows(table, ("path",))] == [
            ["1,5.jpg", "0.8125", "[1, 2]"],
            ["b.jpg", "-1.5E-03", "1,2,3"],
        ]


def test_half_a_table_in_utf_16_is_one_line(tmp_path):
    table = tmp_path / "table.csv"
    table.write_bytes("path;time\n".encode("utf-16")[:-1])
    with pytest.raises(InputError, match=r"table\.csv: not text in UTF-16"):
        list(read_rows(table, ("path",)))


def test_what_is_written_is_read_again(tmp_path):
    table = tmp_path / "table.csv"
    table.write_bytes(to_csv([("path", "why"), ('a "b".jpg', "x; y, z\r\nand more")]))
    assert list(read_rows(table, ("path",))) == [(3, {"path": 'a "b".jpg', "why": "x; y, z\r\nand more"})]


def test_a_missing_column_is_named(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("file;time\n")
    with pytest.raises(InputError, match="no column 'path'; the first line must be a header such as path,time"):
        list(read_rows(table, ("path", "time")))
