"""The Triton form on a real device: ``make test-gpu``. What the interpreter cannot see: barriers, rates, memory."""

import shutil
import subprocess
import sys

import pytest
import torch

from iaff.propagation import gates_from_logits, propagate, propagate_back

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def device():
    if not torch.cuda.is_available():
        pytest.fail("no CUDA device: these tests are for one (make test leaves them out)")


def results(shape, form, dtype=torch.float32, passes=1):
    n, _, h, w = shape
    generator = torch.Generator("cuda").manual_seed(0)
    gates = gates_from_logits(2 * torch.randn(n, 16, h, w, device="cuda", generator=generator)).to(dtype)
    alpha = torch.rand(shape, device="cuda", generator=generator).to(dtype)
    slope, found = torch.rand(shape, device="cuda", generator=generator).to(dtype), []
    for apply in (propagate, propagate_back):
        a, g = alpha.clone().requires_grad_(), gates.clone().requires_grad_()
        out = apply(a, g, passes, form=form)
        out.backward(slope)
        found += [out.detach(), a.grad, g.grad]
    return found


SHAPES = [(1, 1, 1, 1), (2, 21, 1, 33), (2, 21, 33, 1), (3, 21, 66, 88), (2, 40, 128, 128), (1, 3, 100, 1030)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("passes", [1, 2])
def test_triton_is_the_reference(shape, passes):
    for expected, got in zip(results(shape, "reference", passes=passes), results(shape, "triton", passes=passes)):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_bfloat16_is_rounded_once():
    got, expected = (results((2, 21, 64, 64), form, torch.bfloat16) for form in ("triton", "reference"))
    for a, b in zip(got, expected):
        torch.testing.assert_close(a, b, rtol=2e-2, atol=2e-2)


def test_every_run_gives_the_same_bits():
    first = results((4, 21, 128, 128), "triton")
    for _ in range(20):
        assert all(torch.equal(a, b) for a, b in zip(first, results((4, 21, 128, 128), "triton")))


@pytest.mark.skipif(not shutil.which("compute-sanitizer"), reason="no compute-sanitizer on this machine")
def test_no_race_on_shared_memory():
    code = "from tests.unit.test_gpu import results; results((1, 21, 66, 88), 'triton')"
    command = ["compute-sanitizer", "--tool", "racecheck", "--error-exitcode", "9", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
