"""The Triton form against the reference: run by the tests with TRITON_INTERPRET=1, on grids up to 16 x 16.

The interpreter checks the arithmetic. It runs one program after the other, so that it cannot see a missing barrier.
"""

import torch

from iaff.propagation import gates_from_logits, propagate, propagate_back
from iaff.propagation import gpu as triton_form
from iaff.propagation.scan import ALL

torch.manual_seed(0)


def agree(got, expected, tolerance=1e-5):
    torch.testing.assert_close(got, expected, rtol=tolerance, atol=tolerance)


def compare(shape, tile, direction, passes):
    triton_form.TILE = tile
    n, c, h, w = shape
    gates = gates_from_logits(2 * torch.randn(n, 16, h, w))
    alpha = torch.rand(n, c, h, w).contiguous(memory_format=torch.channels_last)
    how = {"passes": passes, "direction": direction}
    found = []
    for form in ("reference", "triton"):
        results = []
        for apply in (propagate, propagate_back):
            a, g = alpha.clone().requires_grad_(), gates.clone().requires_grad_()
            out = apply(a, g, form=form, **how)
            (out * torch.linspace(-1, 1, out.numel()).view(out.shape)).sum().backward()
            results += [out, a.grad, g.grad]
        found.append(results)
    for expected, got in zip(*found, strict=True):
        agree(got, expected)


for shape in ((1, 1, 1, 1), (1, 2, 1, 7), (2, 3, 6, 1)):
    compare(shape, 2048, None, 2)
compare((1, 3, 16, 16), 2048, None, 1)
compare((1, 2, 9, 14), 2048, 1, 2)
compare((2, 5, 7, 5), 32, None, 1)  # several programs share the channels

low, weights = torch.rand(1, 2, 5, 9).bfloat16(), gates_from_logits(torch.randn(1, 16, 5, 9)).bfloat16()
exact = propagate(low.float(), weights.float(), form="reference")
agree(triton_form.spread(low, weights, ALL).float(), exact, 1e-2)  # rounded once, at the end
print("forms agree")
