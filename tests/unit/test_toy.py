"""The toy grid that comes with the explorer."""

import numpy as np
import torch

from iaff import Trace
from iaff.explorer.files import scripts
from iaff.propagation import row
from tests.ui.places import TOY
from tools.toy import toy


def test_the_shipped_toy_is_what_the_tool_makes():
    shipped, made = Trace.load(TOY), toy()
    assert shipped.meta == made.meta
    for name in ("alpha_u", "alpha_p"):
        np.testing.assert_array_equal(getattr(shipped.rounds[1], name), getattr(made.rounds[1], name))
    np.testing.assert_array_equal(shipped.rounds[1].affinity.gates, made.rounds[1].affinity.gates)
    np.testing.assert_array_equal(shipped.labels("truth"), made.labels("truth"))
    assert np.abs(shipped.image().astype(int) - made.image()).max() < 8, "the photo, which is a JPEG"
    assert "trace/toy.safetensors" in scripts(), "its contents are in the address of the scripts"


def test_the_toy_shows_two_parts_that_do_not_listen_to_each_other():
    made = toy()
    gates, truth = torch.from_numpy(made.rounds[1].affinity.gates)[None], made.labels("truth")[32::64, 32::64]
    rows = row(gates, [i % 6 for i in range(36)], [i // 6 for i in range(36)])[0].numpy().reshape(36, 36)
    assert (rows[truth.ravel()[:, None] != truth.ravel()] == 0).all()
    np.testing.assert_allclose(rows.sum(1), 1, atol=1e-6)
    before, after = made.rounds[1].alpha_u.argmax(0), made.rounds[1].alpha_p.argmax(0)
    assert (before != truth).sum() == 2
    assert (after == truth).all(), "propagation mends what is wrong"
