"""A photo through all rounds of the shipped run: which pixels decide the one in its middle?

python -m examples.refine_a_photo [PHOTO] [TAG ...]
"""

import sys
from pathlib import Path

import iaff

photo = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "assets/gallery/chelsea.jpg"
trace = iaff.explain(photo, tags=sys.argv[2:] or None)  # without tags: what the classifier proposes

print("tags:", ", ".join(trace.meta["tags"]) or "none")
x, y = trace.meta["size"][0] // 2, trace.meta["size"][1] // 2
for t, r in trace.rounds.items():
    labels = r.alpha_p.argmax(0)  # (h, w), channels of trace.classes; one cell is 4 x 4 px
    shares = ", ".join(f"{name} {(labels == k).mean():.0%}" for k, name in enumerate(trace.classes))
    row = r.affinity.row(x, y)  # exact row of the affinity matrix G, sums to 1
    print(f"round {t}: {shares}; pixel ({x}, {y}) listens most to itself and {(row > row.max() / 100).sum()} cells")
trace.save("photo.safetensors")
print("Look at it: python -m iaff explore photo.safetensors")
