"""Attention of another model in the explorer: each cell's partners may lie anywhere in the photo.

    python -m examples.attention_of_a_network && python -m iaff explore attention.safetensors

Here every patch attends to those whose features, in a network of the shipped run, are like its own, in four heads. Of
a transformer take the softmax of one layer, (heads, N, N), with its CLS token or without.
"""

import iaff
from iaff.explaining import predictor_of
from iaff.importing.grids import on_grid
from iaff.nets.unary import unary_logits
from iaff.places import SHIPPED

ours = iaff.Trace.load(SHIPPED / "traces/chelsea.safetensors")
network = predictor_of(iaff.Run.load(SHIPPED)).rounds[0].f
features = unary_logits(network, ours.image())[1]  # (D, h, w), one cell per 16 x 16 px
h, w = features.shape[1:]
heads = features.reshape(4, -1, h * w)
heads = heads / heads.norm(dim=1, keepdim=True)
attention = (heads.mT @ heads / 0.1).softmax(-1)  # (4, N, N), N = h w

# the lines that matter
alpha = on_grid(ours.rounds[1].alpha_u, (h, w))
rounds = [{"alpha_u": alpha, "attention": attention}]
trace = iaff.Trace.from_arrays(ours.image(), ours.classes, rounds, name="attention")
trace.save("attention.safetensors")
print(f"the middle listens to itself by {trace.rounds[1].affinity.row(176, 116).max():.0%}")
print("Look at it: python -m iaff explore attention.safetensors")
