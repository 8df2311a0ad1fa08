"""Arrays of whatever framework, precision, layout and device are the same array; what is none is named."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from iaff import Trace, UserError
from iaff.arrays import plain_array
from iaff.images import read_photo
from tests.arrays import CLASSES, arrays


class Foreign:
    """As JAX's and TensorFlow's arrays are: no numpy array, but one makes it."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


class OnCard:
    """As CuPy's, which refuse to be copied in passing."""

    __cuda_array_interface__ = None

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def get(self):
        return self.array


FORMS = {
    "float64": lambda a: a.astype(np.float64),
    "half": lambda a: a.astype(np.float16),
    "big-endian": lambda a: a.astype(">f4"),
    "Fortran order": np.asfortranarray,
    "every second": lambda a: np.repeat(a, 2, -1)[..., ::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "masked, nothing": lambda a: np.ma.masked_array(a, np.zeros(a.shape, bool)),
    "lists": lambda a: a.tolist(),
    "list of arrays": list,
    "torch": torch.from_numpy,
    "torch.double": lambda a: torch.from_numpy(a).double(),
    "torch.half": lambda a: torch.from_numpy(a).half(),
    "bfloat16": lambda a: torch.from_numpy(a).bfloat16(),
    "with gradient": lambda a: torch.from_numpy(a).requires_grad_() * 1,
    "list of tensors with gradient": lambda a: [torch.from_numpy(part).requires_grad_() for part in a],
    "transposed": lambda a: torch.from_numpy(a.transpose().copy()).permute(*range(a.ndim)[::-1]),
    "sparse": lambda a: torch.from_numpy(a).to_sparse(),
    "foreign": Foreign,
    "on a card": OnCard,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_trace_of_arrays_of_every_form(form):
    image, scan, walk = arrays()
    expected = Trace.from_arrays(image, CLASSES, [scan, walk])
    turn = FORMS[form]
    rounds = [
        {"alpha_u": turn(scan["alpha_u"]), "gates": scan["gates"], "passes": torch.tensor(2)},
        {**walk, "weights": turn(walk["weights"]), "steps": np.float64(5)},
    ]
    trace = Trace.from_arrays(image.astype(np.int64), CLASSES, rounds, class_ids=np.arange(3))
    for name, tensor in expected.tensors.items():
        far = 5e-3 if form in ("half", "torch.half", "bfloat16") else 0
        np.testing.assert_allclose(
            np.float32(trace.tensors[name]), np.float32(tensor), rtol=far, atol=far, err_msg=name
        )
    assert Trace.from_bytes(trace.to_bytes()).meta == expected.meta


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        (
            "alpha_u",
            np.ma.masked_array(np.zeros((3, 6, 8)), np.eye(6, 8)[None].repeat(3, 0)),
            "18 of its values are masked",
        ),
        ("alpha_u", [[1, 2], [3]], "got list, expected an array of numbers"),
        ("alpha_u", "photo", r"alpha_u'\]: got <U5 \(\), expected an array of numbers"),
        ("alpha_u", None, r"alpha_u'\]: got object"),
        ("alpha_u", torch.zeros(3, 6, 8, dtype=torch.complex64), r"got complex64 \(3, 6, 8\)"),
        ("alpha_u", torch.zeros(3, 6, 8, device="meta"), r"alpha_u'\]: got Tensor, expected an array"),
        ("alpha_u", np.full((3, 6, 8), 1e300), r"alpha_u'\]: got inf at \(0, 0, 0\)"),
        ("alpha_u", torch.full((3, 6, 8), torch.nan), r"alpha_u'\]: got nan at \(0, 0, 0\)"),
        ("passes", 2.5, r"passes'\]: got 2.5, expected a whole number"),
        ("passes", "many", r"passes'\]: got <U4"),
        ("passes", None, r"passes'\]: got object"),
        ("confident", np.full((6, 8), 0.5), r"confident'\]: got float64 \(6, 8\), expected whole numbers"),
    ],
)
def test_what_is_no_array_of_numbers_is_named(argument, value, message):
    image, scan, _ = arrays()
    with pytest.raises(UserError, match=message):
        Trace.from_arrays(image, CLASSES, [{**scan, argument: value}])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rounds": {"alpha_u": 1}}, "rounds: got dict, expected a list of dicts"),
        ({"rounds": ["alpha_u"]}, r"rounds\[0\]: got str, expected a dict"),
        ({"classes": "cat"}, "classes: got 'cat', expected a list of names"),
        ({"classes": None}, "classes: got 'None', expected a list"),
        ({"image": np.full((22, 32, 3), 256)}, r"image: got values 256\.\.256, expected uint8"),
        ({"image": torch.zeros(3, 22, 32, dtype=torch.uint8)}, r"image: got uint8 \(3, 22, 32\)"),
        ({"class_ids": [0, 1, 2.5]}, r"class_ids\[2\]: got 2.5, expected a whole number"),
        ({"note": np.zeros(3)}, "its description: .*ndarray"),
    ],
)
def test_what_fits_no_argument_is_named(change, message):
    image, scan, _ = arrays()
    given = {"image": image, "classes": CLASSES, "rounds": [scan]} | change
    with pytest.raises(UserError, match=message):
        Trace.from_arrays(**given)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(arrays_of.arrays(arrays_of.scalar_dtypes(), arrays_of.array_shapes(min_dims=0, max_dims=3), fill=st.nothing()))
def test_any_array_of_numpy(array):
    if array.dtype.kind not in "biuf":
        with pytest.raises(ValueError, match=r"^x: got "):
            plain_array("x", array)
        return
    plain = plain_array("x", array)
    assert plain.dtype.isnative
    np.testing.assert_array_equal(plain, array)


def test_a_photo_may_be_a_tensor():
    image = arrays()[0].repeat(2, 0).repeat(2, 1)
    for given_ in (torch.from_numpy(image), Foreign(image), image.astype(">i8")):
        np.testing.assert_array_equal(read_photo(given_).pixels, image)
    with pytest.raises(UserError, match=r"The photo: got list, expected a path, the bytes of a file"):
        read_photo([1, 2])
    with pytest.raises(UserError, match=r"got float32 \(3, 44, 64\), expected uint8 \(H, W, 3\)"):
        read_photo(torch.zeros(3, 44, 64))


def test_no_framework_is_imported():
    code = (
        "import sys, iaff.trace.from_arrays, iaff.images; print([m for m in ('torch', 'gradio') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
