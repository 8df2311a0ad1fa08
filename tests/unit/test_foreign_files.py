"""Files by other programs: what NumPy and torch write is read, and nothing else, whatever a pickle says."""

import collections
import io
import os
import pickle
import struct
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from iaff.errors import UserError
from iaff.importing.files import arrays_in, read_arrays
from tests.odd import mutations

CAM = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
PLAIN = {
    "list": [1, 2.5, "x", None, True, b"raw", (1, 2), {3}, frozenset({4}), -(2**63), 2**70],
    "fortran": np.asfortranarray(CAM[0]).astype(">f8"),
    "scalar": np.float16(3),
    "text": np.array("csr"),
    "objects": np.array([None, "x"], object),
    "ordered": collections.OrderedDict(a=CAM),
    "empty": np.empty((0, 3)),
    3: b"",
}


def same(got, expected) -> None:
    if isinstance(expected, dict):
        assert list(got) == list(expected)
        for key, value in expected.items():
            same(got[key], value)
    else:
        assert type(got) is type(expected)
        np.testing.assert_array_equal(got, expected)


def written(write: Callable, value, **options) -> bytes:
    buffer = io.BytesIO()
    if write in (pickle.dump, torch.save):
        write(value, buffer, **options)
    else:
        write(buffer, value, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_are_read_from_pickles_of_any_protocol(protocol):
    expected = PLAIN | {"ordered": {"a": CAM}}
    for value in (PLAIN["list"], CAM, expected):
        got = arrays_in(pickle.dumps(PLAIN if value is expected else value, protocol), "x.pkl")
        if isinstance(value, list):
            assert got == value
        else:
            same(got, value) if isinstance(value, np.ndarray) else same({**got, "list": 0}, {**value, "list": 0})


def test_files_by_irn_psa_numpy_and_torch(tmp_path):
    irn = {"keys": torch.tensor([7, 11]), "cam": torch.from_numpy(CAM), "high_res": CAM.repeat(4, -1)}
    np.save(tmp_path / "irn.npy", irn)  # the first two are tensors, as step/make_cam.py leaves them
    got = read_arrays(tmp_path / "irn.npy")
    same(got, {"keys": np.array([7, 11]), "cam": CAM, "high_res": CAM.repeat(4, -1)})
    psa = {7: CAM[0], 11: CAM[1]}
    same(arrays_in(written(np.save, psa), "psa.npy"), psa)
    same(arrays_in(written(np.save, CAM.astype(">f2")), "cam.npy"), CAM.astype(">f2"))
    np.savez_compressed(tmp_path / "cam.npz", cam=CAM, inner=np.array(psa, object))
    got = read_arrays(tmp_path / "cam.npz")
    same(got, {"cam": CAM, "inner": psa})
    part = torch.arange(24.0).reshape(4, 6).t()[1:, ::2]  # a view, whose numbers are not in a row
    saved = {"a": [part, part.bfloat16()], "p": torch.nn.Parameter(part), "b": torch.tensor([True])}
    for form in (True, False):
        got = arrays_in(written(torch.save, saved, _use_new_zipfile_serialization=form), "x.pt")
        same({"a": got["a"][0], "h": got["a"][1]}, {"a": part.numpy(), "h": part.bfloat16().float().numpy()})
        same({"p": got["p"], "b": got["b"]}, {"p": part.numpy(), "b": np.array([True])})


class Does:
    """Pickled as a call of a function."""

    def __init__(self, *call, state=None):
        self.call = (*call, state) if state else call

    def __reduce__(self):
        return self.call


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


STRANGE = {
    "a function": (lambda file: pickle.dumps(Does(os.system, (f"touch {file}",))), "system"),
    "in an array": (lambda file: written(np.save, {"cam": Does(os.system, (f"touch {file}",))}), "system"),
    "eval": (lambda file: pickle.dumps([Does(eval, (f"open({str(file)!r}, 'w')",))]), "builtins.eval"),
    "getattr": (lambda file: b"cbuiltins\ngetattr\n(cnumpy\nload\n.", "builtins.getattr"),
    "a class": (lambda file: pickle.dumps(Does(collections.Counter, ("aab",))), "collections.Counter"),
    "a dotted name": (lambda file: b"\x80\x04" + text("numpy") + text("core.multiarray.x") + b"\x93.", "multiarray.x"),
    "no name": (lambda file: b"\x80\x04K\x01" + text("system") + b"\x93.", "str as a name"),
    "a state": (lambda file: b"\x80\x04}}" + text("__setstate__") + b"Nsb.", "__setstate__() of dict"),
    "a state of a class": (lambda file: pickle.dumps(Does(dict, (), state={"a": 1})), "builtins.dict"),
    "another array": (lambda file: pickle.dumps(np.ma.masked_array([1], [True])), "numpy.ma.core"),
    "a matrix": (lambda file: b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nmatrix\n.", "numpy.matrix"),
    "records": (lambda file: pickle.dumps(np.zeros(2, [("a", "O")])), "type 'V8'"),
    "a call of a text": (lambda file: b"\x80\x04" + text("eval") + text("1") + b"\x85R.", "a call of str"),
    "an array called": (lambda file: b"cnumpy\nndarray\n(I9\ntR.", "a call of numpy.ndarray"),
    "odd arguments": (lambda file: b"cnumpy\ndtype\n(tR.", "numpy.dtype with odd arguments"),
    "a persistent id": (lambda file: b"\x80\x04" + text("../../etc/passwd") + b"Q.", "a persistent id"),
    "a named id": (lambda file: b"Pos.system\n.", "a persistent id ('os.system')"),
    "an extension": (lambda file: b"\x80\x02\x82\x01.", "an extension code (1)"),
    "an instance": (lambda file: b"(ios\nsystem\n.", "an instance of a class ('os system')"),
    "a new object": (lambda file: b"\x80\x02cnumpy\nndarray\n)\x81.", "an instance of a class"),
    "a buffer elsewhere": (lambda file: b"\x80\x05\x97.", "a buffer outside the file"),
    "a list as a key": (lambda file: b"\x80\x04}]Ns.", "list as a key"),
    "a class alone": (lambda file: b"cnumpy\nndarray\n.", "numpy.ndarray itself"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_array_is_named_and_not_run(name, tmp_path):
    make, said = STRANGE[name]
    done = tmp_path / "done"
    with pytest.raises(UserError) as caught:
        arrays_in(make(done), "x.npy")
    assert said in str(caught.value)
    assert not done.exists()


def array_state(shape: bytes, data: bytes, kind: bytes = b"f8") -> bytes:
    """A pickled array of a shape (as opcodes) and bytes that need not fit it."""
    head = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntC\x01btR(I1\n" + shape
    return head + b"cnumpy\ndtype\n(" + text(kind.decode()) + b"tRI00\nB" + struct.pack("<I", len(data)) + data + b"tb."


def nested(levels: int) -> bytes:
    return b"]" * levels + b"a" * (levels - 1) + b"."


def laughs(levels: int) -> bytes:
    """Lists of two of the last list: 2^levels entries in all."""
    return b"](Nl" + b"".join(b"q%c(h%ch%cl" % (i, i, i) for i in range(levels)) + b"."


def many_zeros() -> bytes:
    """A ZIP of two kilobytes that says it unpacks to 1 GB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as files, files.open("cam.npy", "w") as file:
        for _ in range(600):
            file.write(bytes(2**20))
    return buffer.getvalue()


def nested_zip() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as files:
        files.writestr("a.npz", written(np.savez, CAM))
    return inner.getvalue()


BROKEN = {
    "empty": b"",
    "cut": pickle.dumps(CAM)[:-20],
    "more than its bytes": array_state(b"(J\x00\x00\x00\x40J\x00\x00\x00\x40t", bytes(8)),
    "of a negative size": array_state(b"(J\xff\xff\xff\xffJ\xf8\xff\xff\xfft", bytes(64)),
    "of no numbers": array_state(b"(I1\nt", bytes(8), b"M8"),
    "of a list": array_state(b"(I1\nt", bytes(8), b"O8"),
    "a header that lies": written(np.save, CAM)[:-8],
    "a header of code": b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').system('true')".ljust(32),
    "a large memo": b"Nr\xff\xff\xff\xff\x7f.",
    "deep": nested(100_000),
    "in itself": b"]q\x00h\x00a.",
    "a bomb": laughs(40),
    "a large number": b"\x8b" + struct.pack("<I", 99_999) + b"\x7f" * 99_999 + b".",
    "copies": b"X"
    + struct.pack("<I", 100_000)
    + b"a" * 100_000
    + b"q\x000c_codecs\nencode\nq\x010"
    + b"h\x01h\x00\x85R" * 9999,
    "entries without end": b"(" + b"N" * 1_100_000 + b"l.",
    "zeros": many_zeros(),
    "a ZIP in a ZIP": nested_zip(),
    "no storage": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_or_a_bomb_is_one_sentence_soon(name):
    start = time.process_time()
    with pytest.raises(UserError, match=r"x\.npy cannot be read|in its pickle") as caught:
        arrays_in(BROKEN[name], "x.npy")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700
    assert time.process_time() - start < 8


def test_a_tensor_beyond_its_numbers_is_refused():
    whole = written(torch.save, torch.arange(6.0).reshape(2, 3), _use_new_zipfile_serialization=False)
    odd = whole.replace(b"K\x02K\x03\x86", b"K\x7fK\x7f\x86")
    assert odd != whole
    with pytest.raises(UserError, match="lies beyond its 6 numbers"):
        arrays_in(odd, "x.pt")


GOOD = [
    *(pickle.dumps(PLAIN, protocol) for protocol in (0, 2, 5)),
    written(np.save, {"keys": torch.tensor([7]), "cam": torch.from_numpy(CAM)}),
    written(torch.save, torch.from_numpy(CAM)),
    written(torch.save, torch.from_numpy(CAM), _use_new_zipfile_serialization=False),
    written(np.savez_compressed, CAM),
    written(np.save, CAM),
]


def read_or_refused(seed: int) -> None:
    """Changed files give a value, or one sentence."""
    for data in mutations(GOOD[seed % len(GOOD)], 4, seed):
        try:
            arrays_in(data, "x.npy")
        except UserError as error:
            refused = str(error).splitlines()
        else:
            refused = [""]
        assert len(refused) == 1


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_changed_files_are_read_or_refused(seed):
    read_or_refused(seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@settings(max_examples=2000, deadline=None)
@given(st.integers(0, 2**32 - 1), st.binary(max_size=200))
def test_many_changed_files_are_read_or_refused(seed, noise):
    read_or_refused(seed)
    with suppress(UserError):
        arrays_in(noise, "x.npy")
