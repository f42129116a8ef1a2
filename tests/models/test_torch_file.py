import os
import re
import zipfile
from collections import OrderedDict
from contextlib import suppress

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.torch_file import read_torch_tensors
from tests.fixtures.torch_files import save

torch = pytest.importorskip("torch")

HELD = {
    "single": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "count": np.array(7, np.int64),
    "half": np.linspace(0, 1, 5).astype(np.float16),
    "double": np.array([[np.pi]]),
    "none": np.zeros((0, 3), np.float32),
}


@pytest.mark.parametrize("older", [True, False])
def test_both_forms_are_read_as_pytorch_reads_them(older, tmp_path):
    save(tmp_path / "weights.pth", HELD, older)
    read = read_torch_tensors(tmp_path / "weights.pth")
    assert list(read) == list(HELD)
    for name, values in HELD.items():
        assert (read[name].dtype, read[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(read[name], values)


@pytest.mark.parametrize("older", [True, False])
def test_views_of_one_storage_keep_their_offsets_and_strides(older, tmp_path):
    whole = torch.arange(12.0).reshape(3, 4)
    views = OrderedDict(whole=whole, turned=whole.T, part=whole[1:, ::2])
    torch.save(views, tmp_path / "views.pth", _use_new_zipfile_serialization=not older)
    read = read_torch_tensors(tmp_path / "views.pth")
    for name, view in views.items():
        np.testing.assert_array_equal(read[name], view.numpy())
        assert read[name].flags.c_contiguous


class Attack:
    def __reduce__(self):
        return os.mkdir, ("attacked",)


@pytest.mark.parametrize("older", [True, False])
def test_a_file_that_asks_for_more_runs_nothing(older, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weights": torch.ones(3), "attack": Attack()}, "bad.pth", _use_new_zipfile_serialization=not older)
    with pytest.raises(InputError, match=r"bad\.pth: it holds no weights of PyTorch .*mkdir is asked for"):
        read_torch_tensors(tmp_path / "bad.pth")
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize("held", [[torch.ones(2)], {"epoch": 3}, {"model": {"weights": torch.ones(2)}}, {}])
def test_what_is_no_table_of_tensors_is_named(older, held, tmp_path):
    torch.save(held, tmp_path / "other.pth", _use_new_zipfile_serialization=not older)
    with pytest.raises(InputError, match=r"other\.pth: it holds no weights of PyTorch that hdrkit can read"):
        read_torch_tensors(tmp_path / "other.pth")


@pytest.mark.parametrize("older", [True, False])
def test_a_cut_off_or_changed_file_is_one_line(older, tmp_path):
    save(tmp_path / "whole.pth", HELD, older)
    whole = (tmp_path / "whole.pth").read_bytes()
    for cut in range(0, len(whole) - 1, 53):
        (tmp_path / "cut.pth").write_bytes(whole[:cut])
        with pytest.raises(InputError, match=re.escape("cut.pth: ")) as caught:
            read_torch_tensors(tmp_path / "cut.pth")
        assert "\n" not in str(caught.value)
    random = np.random.default_rng(0)
    for _ in range(200):
        changed = bytearray(whole)
        changed[random.integers(len(whole))] ^= int(random.integers(1, 256))
        (tmp_path / "changed.pth").write_bytes(changed)
        with suppress(InputError):  # and no other error
            read_torch_tensors(tmp_path / "changed.pth")


def test_a_tensor_beyond_its_numbers_is_refused(tmp_path):
    torch.save({"weights": torch.ones(4)}, tmp_path / "good.pth")
    with zipfile.ZipFile(tmp_path / "good.pth") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    pickled = next(name for name in parts if name.endswith("data.pkl"))
    offset_shape, strides = b"K\x00K\x04\x85", b"K\x01\x85"  # 0, (4,) and (1,) as the pickle has them
    for old, new in ((offset_shape, b"K\x00K\x05\x85"), (offset_shape, b"K\x01K\x04\x85"), (strides, b"K\x02\x85")):
        assert parts[pickled].count(old) == 1
        with zipfile.ZipFile(tmp_path / "bad.pth", "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content.replace(old, new) if name == pickled else content)
        with pytest.raises(InputError, match="larger than its numbers"):
            read_torch_tensors(tmp_path / "bad.pth")


def test_a_small_file_that_unpacks_to_a_large_one_is_one_line(tmp_path):
    torch.save({"weights": torch.zeros(1 << 20)}, tmp_path / "good.pth")
    with (
        zipfile.ZipFile(tmp_path / "good.pth") as archive,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in archive.namelist():
            bomb.writestr(name, archive.read(name))
    with pytest.raises(InputError, match=r"bomb\.pth: it holds no weights .*it unpacks to more than 8 times its size"):
        read_torch_tensors(tmp_path / "bomb.pth")


@pytest.mark.parametrize("older", [True, False])
def test_many_views_of_the_same_numbers_are_one_line(older, tmp_path):
    whole = torch.zeros(1 << 16)
    views = {str(k): whole[k:] for k in range(20)}
    torch.save(views, tmp_path / "views.pth", _use_new_zipfile_serialization=not older)
    with pytest.raises(InputError, match="it unpacks to more than 8 times its size"):
        read_torch_tensors(tmp_path / "views.pth")
