"""A run folder made by hand, without training: two photos, three rounds, every layer of a trace.

The maps are invented from a hand-drawn mask, but they look and behave like real ones: gates follow colour
differences, the unary map gets cleaner from round to round, superpixels are real.
"""

import base64
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from scipy.ndimage import gaussian_filter, zoom
from skimage import data
from skimage.segmentation import felzenszwalb
from skimage.transform import resize

from iaff.method.embedding import embed
from iaff.trace import Trace

CLASSES = ["background", "bird", "cat", "cow", "dog", "horse", "sheep"]
ROUNDS, STRIDE = 3, 4
THRESHOLDS = {"seed_fg": 0.3, "seed_bg": 0.05, "purity": 0.8, "tau": 0.7}


def blob(height: int, width: int, ellipses: list[tuple[float, ...]]) -> np.ndarray:
    """Union of ellipses (cx, cy, rx, ry, degrees) in shares of the size: ``bool (H, W)``."""
    y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    out = np.zeros((height, width), bool)
    for cx, cy, rx, ry, turn in ellipses:
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        u, v = (x - cx) * c + (y - cy) * s, -(x - cx) * s + (y - cy) * c
        out |= (u / rx) ** 2 + (v / ry) ** 2 <= 1
    return out


# Class id -> ellipses of its object.
CHELSEA = {
    2: [
        (0.50, 0.47, 0.30, 0.42, 0),
        (0.30, 0.16, 0.09, 0.20, -12),
        (0.68, 0.14, 0.08, 0.18, 15),
        (0.27, 0.80, 0.27, 0.34, 0),
        (0.55, 0.85, 0.28, 0.26, 0),
    ]
}
ASTRONAUT = {
    5: [(0.40, 0.75, 0.34, 0.36, 0), (0.44, 0.22, 0.13, 0.20, 0), (0.44, 0.50, 0.12, 0.2, 0)],
    4: [(0.77, 0.88, 0.22, 0.28, 0)],
}


def png(array: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return np.frombuffer(buffer.getvalue(), np.uint8)


def jpeg(image: np.ndarray, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def make_gates(grid: np.ndarray, sharp: float) -> np.ndarray:
    """Gates from colour differences of ``grid`` (h, w, 3): float32 (4, 3, h, w), as the scan wants them."""
    h, w, _ = grid.shape
    gates = np.zeros((4, 3, h, w), np.float32)
    r, c = np.mgrid[:h, :w]
    for d, (dr, dc) in enumerate([(0, -1), (0, 1), (-1, 0), (1, 0)]):
        for k in range(3):
            rr, cc = (r + k - 1, c + dc) if d < 2 else (r + dr, c + k - 1)
            ok = (rr >= 0) & (rr < h) & (cc >= 0) & (cc < w)
            other = grid[rr.clip(0, h - 1), cc.clip(0, w - 1)]
            gates[d, k] = np.exp(-sharp * ((grid - other) ** 2).sum(-1)) * ok
        stay = 0.16 + 0.5 * (1 - gates[d].max(0))
        gates[d] *= ((1 - stay) / np.maximum(gates[d].sum(0), 1e-6)).clip(max=1)
    return np.floor(gates * 2048) / 2048 * 0.999


def soft_maps(labels: np.ndarray, ids: list[int], quality: float, rng: np.random.Generator) -> np.ndarray:
    """A made-up unary map (K, h, w): the labels blurred and disturbed, less so with higher quality (0..1)."""
    logits = []
    for k in ids:
        noise = gaussian_filter(rng.normal(size=labels.shape), 4)
        blurred = gaussian_filter((labels == k).astype(float), 3.2 - 2 * quality)
        logits.append(5 * blurred + (1 - quality) * 1.8 * noise / noise.std())
    e = np.exp(np.stack(logits))
    return e / e.sum(0)


def miou(guess: np.ndarray, truth: np.ndarray, ids: list[int]) -> float:
    """Mean intersection over union of two label maps."""
    pairs = [(guess == k, truth == k) for k in ids]
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in pairs]))


def numpy_scan(x: np.ndarray, gates: np.ndarray) -> np.ndarray:
    """G x by the contract's words, ``(K, h, w)``: the oracle of the browser's scan."""
    out = np.zeros(x.shape, np.float64)
    for d in range(4):
        m = np.asarray(x, np.float64)
        g = np.asarray(gates[d], np.float64)
        if d >= 2:
            m, g = m.swapaxes(1, 2), g.swapaxes(1, 2)
        if d % 2:
            m, g = m[..., ::-1], g[..., ::-1]
        h = m.copy()
        for c in range(m.shape[-1]):
            before = np.pad(h[..., c - 1], ((0, 0), (1, 1))) if c else np.zeros((m.shape[0], m.shape[1] + 2))
            gc = g[..., c]
            h[..., c] = (1 - gc.sum(0)) * m[..., c] + sum(gc[k] * before[:, k : k + m.shape[1]] for k in range(3))
        h = h[..., ::-1] if d % 2 else h
        out += (h.swapaxes(1, 2) if d >= 2 else h) / 4
    return out


def make_cam(small: np.ndarray, parts: dict[int, list]) -> np.ndarray:
    """A bump on the first ellipse of each class: (K-1, h, w), 0..1."""
    h, w = small.shape
    y, x = np.mgrid[:h, :w]
    maps = []
    for k, ellipses in parts.items():
        cx, cy, rx, ry, _ = ellipses[0]
        peak = np.exp(-(((x / w - cx) / (0.55 * rx)) ** 2) - ((y / h - cy) / (0.55 * ry)) ** 2)
        maps.append(np.clip(peak * gaussian_filter((small == k).astype(float), 2) * 1.1, 0, 1))
    return np.stack(maps)


def activations(cam: np.ndarray, powers: list[float]) -> np.ndarray:
    """Narrower and wider CAMs, as a trace has them at each scale or step: uint8 (powers, K-1, h, w)."""
    maps = np.stack([cam**power for power in powers])
    return (255 * maps / maps.max((2, 3), keepdims=True)).round().astype(np.uint8)


def make_seeds(cam: np.ndarray, small: np.ndarray, ids: list[int]) -> np.ndarray:
    seeds = np.full(small.shape, 255, np.uint8)
    far = gaussian_filter((small > 0).astype(float), 3) < 0.3
    seeds[(cam.max(0) < THRESHOLDS["seed_bg"]) & far] = 0
    strong = cam.max(0) >= THRESHOLDS["seed_fg"]
    seeds[strong] = np.array(ids[1:])[cam.argmax(0)][strong]
    return seeds


def region_scores(alpha: np.ndarray, patches: np.ndarray) -> np.ndarray:
    """Sharpened mean of the unary map in each patch: (S, K), rows sum to 1."""
    size = np.array(patches.shape) / alpha.shape[1:]
    pixels = np.bincount(patches.ravel())
    means = [np.bincount(patches.ravel(), zoom(a, size, order=1).ravel()) / pixels for a in alpha.astype(float)]
    sharp = np.stack(means, -1) ** 1.6
    return sharp / sharp.sum(1, keepdims=True)


def patch_features(image: np.ndarray, scores: np.ndarray, patches: np.ndarray) -> np.ndarray:
    """Mean colour and region scores of each patch, in place of a network's features: (S, 3 + K)."""
    sums = [np.bincount(patches.ravel(), channel.ravel() / 255) for channel in image.transpose(2, 0, 1)]
    return np.column_stack([np.transpose(sums) / np.bincount(patches.ravel())[:, None], scores])


def patch_sizes(patches: np.ndarray, ys: np.ndarray, xs: np.ndarray) -> np.ndarray:
    """Grid cells of each patch (S,)."""
    return np.bincount(patches[ys][:, xs].ravel(), minlength=patches.max() + 1)


def make_trace(path: Path, title: str, image: np.ndarray, parts: dict[int, list], passes: int = 1) -> dict:
    """Writes one trace; returns its index entry."""
    height, width, _ = image.shape
    h, w = -(-height // STRIDE), -(-width // STRIDE)
    rng, ids = np.random.default_rng(7), [0, *parts]
    truth = np.zeros((height, width), np.uint8)
    for k, ellipses in parts.items():
        truth[blob(height, width, ellipses)] = k
    ys, xs = [(np.arange(n) * STRIDE + 2).clip(max=m - 1) for n, m in [(h, height), (w, width)]]
    small = truth[ys][:, xs]
    patches = felzenszwalb(image, scale=120, sigma=0.8, min_size=60).astype(np.int32)
    cam = make_cam(small, parts)
    seeds = make_seeds(cam, small, ids)
    tensors = {
        "image": np.frombuffer(jpeg(image), np.uint8),
        "cam": cam.astype(np.float16),
        "cam_scales": activations(cam, [2, 1]),
        "cam_climb": activations(cam, [1, 0.8, 0.6, 0.4]),
        "seeds": png(seeds),
        "superpixels": png(np.stack([patches % 256, patches // 256, 0 * patches], -1).astype(np.uint8)),
        "truth": png(truth),
    }
    rounds, before = [], None
    for t in range(1, ROUNDS + 1):
        alpha = soft_maps(small, ids, 0.15 + 0.25 * t, rng).astype(np.float16)
        gates = make_gates(resize(image, (h, w), anti_aliasing=True), 40 + 15 * t).astype(np.float16)
        scores = region_scores(alpha, patches)
        label = np.where(scores.max(1) >= THRESHOLDS["tau"], np.array(ids)[scores.argmax(1)], 255)
        confident = label.astype(np.uint8)[patches[ys][:, xs]]
        refined = alpha.astype(np.float32)
        for _ in range(passes):
            refined = numpy_scan(refined, gates.astype(np.float32))
        tensors |= {
            f"rounds.{t}.alpha_u": alpha,
            f"rounds.{t}.scores": scores.astype(np.float16),
            f"rounds.{t}.embedding": embed(patch_features(image, scores, patches), patch_sizes(patches, ys, xs)),
            f"rounds.{t}.confident": png(confident),
            f"rounds.{t}.gates": gates,
        }
        u, p = np.array(ids)[alpha.argmax(0)], np.array(ids)[refined.argmax(0)]
        figures = round_figures(t, u, p, u if before is None else before, confident, small, ids)
        rounds.append({"round": t, "affinity": {"kind": "scan", "passes": passes}, "figures": figures})
        before = p
    names, known = [CLASSES[k] for k in parts], seeds != 255
    meta = {
        "name": path.stem,
        "title": title,
        "size": [width, height],
        "grid": [w, h],
        "credit": {"author": "scikit-image's sample images", "licence": "CC0", "source": ""},
        "note": "Maps made up for tests",
        "class_ids": ids,
        "classes": ["background", *names],
        "tags": names,
        "tag_scores": {c: 0.97 if c in names else 0.02 + 0.01 * i for i, c in enumerate(CLASSES[1:])},
        "cam_scales": [0.5, 1],
        "cam_climb": {"steps": 3},
        "thresholds": THRESHOLDS,
        "rounds": rounds,
        "run": {"name": "synthetic", "classes": CLASSES, "rounds": ROUNDS},
        "figures": {
            "seeds": {"coverage": known.mean(), "precision": (seeds == small)[known].mean()},
            "cam": {"miou": miou(np.where(cam.max(0) > 0.2, np.array(ids[1:])[cam.argmax(0)], 0), small, ids)},
        },
    }
    info = {"format": "iaff-trace", "schema": "1", "trace": json.dumps(meta, default=float)}
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, path, info)
    return {"name": path.stem, "title": title, "file": path.name, "thumb": thumbnail(image), "tags": names}


def thumbnail(image: np.ndarray) -> str:
    height, width, _ = image.shape
    small = Image.fromarray(image).resize((round(96 * width / height), 96), Image.LANCZOS)
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(np.asarray(small), 80)).decode()


def round_figures(t, u, p, before, confident, small, ids) -> dict:
    """The figures of one round; reach, leak and energies are made up."""
    kept = confident != 255
    return {
        "unary": {"miou": miou(u, small, ids)},
        "refined": {"miou": miou(p, small, ids)},
        "confident": {
            "coverage": kept.mean(),
            "precision": (confident == small)[kept].mean(),
            "relabelled": (confident != u)[kept].mean(),
        },
        "changed": (p != before).mean(),
        "agreement": (u == p).mean(),
        "reach": 412.0 - 40 * t,
        "leak": 0.13 - 0.02 * t,
        "foreground": {"unary": (u > 0).mean(), "refined": (p > 0).mean()},
        "energy": {
            "paper": {"unary": 0.021 / t, "refined": 0.012 / t},
            "ref": {"unary": 0.034 / t, "refined": 0.019 / t},
        },
    }


def run_figures() -> dict:
    """figures.json with the shape of a real run's; the numbers are made up."""
    unary, refined = [0.506, 0.53, 0.548], [0.537, 0.553, 0.572]
    rounds = [
        {
            "round": t,
            "unary": {"miou_tags": unary[t - 1]},
            "refined": {"miou_tags": refined[t - 1]},
            "confident": {
                "precision": 0.83 + 0.012 * t,
                "coverage": 0.91 + 0.005 * t,
                "relabelled": 0.06 / t,
            },
            "changed": [0.09, 0.05, 0.03][t - 1],
            "reach": 400.0 - 30 * t,
            "foreground": {"unary": 0.31, "refined": 0.30 + 0.003 * t},
            "energy": {
                "paper": {"unary": 0.02 / t, "refined": 0.011 / t},
                "ref": {"unary": 0.035 / t**0.5, "refined": 0.02 / t**0.5},
            },
        }
        for t in range(1, ROUNDS + 1)
    ]
    return {
        "schema": 1,
        "split": "tune",
        "images": 300,
        "cam": {"fixed": {"miou_tags": 0.471, "threshold": 0.2}},
        "seeds": {"precision": 0.847, "coverage": 0.81},
        "rounds": rounds,
    }


PROPAGATORS = {
    "data": "made up",
    "split": "val",
    "images": 1200,
    "choice": None,
    "round": ROUNDS,
    "propagators": {
        "none": {"title": "none (alpha^u)", "miou": 0.5, "miou_proposed": 0.52, "miou_tags": 0.548, "seconds": 0.0},
        "own": {
            "title": "the run's own affinity",
            "miou": 0.53,
            "miou_proposed": 0.51,
            "miou_tags": 0.572,
            "seconds": 0.02,
        },
    },
}


def photo(name: str, height: int, width: int) -> np.ndarray:
    image = getattr(data, name)()
    return (resize(image, (height, width), anti_aliasing=True) * 255).round().astype(np.uint8)


def make_run(folder: Path, name: str = "synthetic") -> Path:
    """A complete run folder with two photos: chelsea (352 x 264, one tag, grid 88 x 66) and astronaut
    (300 x 301, two tags, two passes)."""
    traces = folder / "traces"
    traces.mkdir(parents=True)
    config = {"schema": 1, "name": name, "dataset": "made up", "classes": CLASSES, "rounds": ROUNDS}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "figures.json").write_text(json.dumps(run_figures()))
    (folder / "propagators.json").write_text(json.dumps({"tables": [PROPAGATORS]}))
    cat, astronaut = photo("chelsea", 264, 352), photo("astronaut", 301, 300)
    index = [
        make_trace(traces / "chelsea.safetensors", "Chelsea the cat", cat, CHELSEA),
        make_trace(traces / "astronaut.safetensors", "An astronaut, tagged horse and dog", astronaut, ASTRONAUT, 2),
    ]
    (traces / "index.json").write_text(json.dumps({"traces": index}))
    return folder


def make_walk(radius: int = 3, steps: int = 64) -> Trace:
    """A random walk over colour pairs within a radius, on a small photo; no CAM, seeds or superpixels."""
    image, rng = photo("chelsea", 240, 320), np.random.default_rng(3)
    h, w = 60, 80
    grid = resize(image, (h, w), anti_aliasing=True)
    reach = range(-radius, radius + 1)
    offsets = np.array([(r, c) for r in reach for c in reach if 0 < r * r + c * c <= radius * radius])
    rows, columns = np.mgrid[:h, :w]
    weights = np.zeros((len(offsets), h, w), np.float32)
    for m, (r, c) in enumerate(offsets):
        ok = (rows + r >= 0) & (rows + r < h) & (columns + c >= 0) & (columns + c < w)
        other = grid[(rows + r).clip(0, h - 1), (columns + c).clip(0, w - 1)]
        weights[m] = ok * np.exp(-60 * ((grid - other) ** 2).sum(-1))
    weights /= 1 + weights.sum(0)
    alpha = soft_maps((columns > 30).astype(np.uint8), [0, 1], 0.4, rng).astype(np.float32)
    walk = {"alpha_u": alpha / alpha.sum(0), "offsets": offsets, "weights": weights, "steps": steps}
    return Trace.from_arrays(image, ["background", "cat"], [walk], name="walk", title="A random walk")


def make_attention(stride: int = 16, partners: int = 24, steps: int = 40) -> Trace:
    """Attention by colour and place among all cells of a coarse grid whose last row and column are cut off; in round 2
    a long walk over the largest of it."""
    image, rng = photo("chelsea", 264, 350), np.random.default_rng(3)
    h, w = -(-264 // stride), -(-350 // stride)
    truth = np.where(blob(264, 350, CHELSEA[2]), 2, 0).astype(np.uint8)
    grid, cells = resize(image, (h, w), anti_aliasing=True).reshape(-1, 3), np.arange(h * w)
    places = np.stack([cells // w / h, cells % w / w], -1)
    apart = 30 * ((grid[:, None] - grid) ** 2).sum(-1) + 6 * ((places[:, None] - places) ** 2).sum(-1)
    weights = np.exp(-apart)
    weights /= weights.sum(1, keepdims=True)
    ys, xs = [(np.arange(n) * stride + stride // 2).clip(max=m - 1) for n, m in [(h, 264), (w, 350)]]
    alpha = soft_maps(truth[ys][:, xs], [0, 2], 0.4, rng)
    nearest = np.argsort(-weights, 1)[:, :partners]
    rounds = [
        {"alpha_u": alpha, "partners": None, "weights": weights, "steps": 1},
        {
            "alpha_u": alpha,
            "partners": nearest,
            "weights": np.take_along_axis(weights, nearest, 1),
            "steps": steps,
        },
    ]
    seeds = np.where(rng.random((h, w)) < 0.1, truth[ys][:, xs], 255).astype(np.uint8)
    return Trace.from_arrays(
        image,
        ["background", "cat"],
        rounds,
        stride=stride,
        class_ids=[0, 2],
        seeds=seeds,
        truth=truth,
        name="attention",
        title="Attention",
    )


if __name__ == "__main__":
    import sys

    make_run(Path(sys.argv[1]))
