"""The card of a run on the Hugging Face Hub: a README.md whose figures are those of the run's own files."""

import json
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from iaff.method.metrics import counted
from iaff.run import Run

DATA = {  # what kind of data: its tag, and its name
    "voc": ("pascal-voc-2012", "PASCAL VOC 2012"),
    "coco": ("coco", "MS COCO"),
    "folder": ("", "a folder of photos"),
    "shapes": ("", "procedural scenes"),
}
PROTOCOLS = {"miou": "without tags", "miou_proposed": "proposed tags", "miou_tags": "with tags"}
MAPS = {"unary": "α^u", "refined": "α^p"}
PAPER = """\
```bibtex
@article{wang2020iterative,
  title   = {Weakly-Supervised Semantic Segmentation by Iterative Affinity Learning},
  author  = {Wang, Xiang and Liu, Sifei and Ma, Huimin and Yang, Ming-Hsuan},
  journal = {International Journal of Computer Vision},
  year    = {2020},
  note    = {arXiv:2002.08098}
}
```"""


def model_card(run: Run, repo: str, licence: str, photos: list[dict[str, Any]]) -> str:
    """The whole README.md, with its front matter.

    Args:
        run: what is pushed, with its ``evaluation_*.json`` beside ``figures.json``.
        repo: ``owner/name``; licence: the Hub's name of the weights' licence, e.g. ``apache-2.0``.
        photos: those of the traces, as ``gallery.json`` describes them (``title`` and ``credit``).
    """
    evaluations = _evaluations(run)
    parts = [
        f"---\n{_metadata(run, evaluations, repo, licence).to_yaml()}\n---",
        _about(run, repo),
        _figures(run, evaluations),
        _use(run, evaluations),
        _photos(photos),
        f"## Citation\n\nThe method, of which this is an implementation by others:\n\n{PAPER}",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _evaluations(run: Run) -> list[dict[str, Any]]:
    """What was measured, a split each, by ``training.evaluate`` and by the training itself; new photos come first."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(Path(run.dir).glob("evaluation_*.json"))]
    figures = run.figures()
    measured = [evaluation for evaluation in (*found, figures) if _columns(evaluation)]
    return sorted(measured, key=lambda evaluation: not _measures_the_model(evaluation, run))


def _metadata(run: Run, evaluations: list[dict[str, Any]], repo: str, licence: str) -> ModelCardData:
    tag, _ = DATA.get(_kind(run), ("", ""))
    results = [
        EvalResult(
            task_type="image-segmentation",
            task_name="weakly-supervised semantic segmentation",
            dataset_type=tag or _kind(run),
            dataset_name=_data_name(run),
            dataset_split=evaluation["split"],
            metric_type="mean_iou",
            metric_name=f"mIoU in % of the refined map, round {_last(evaluation)['round']}, without tags",
            metric_value=round(100 * _last(evaluation)["refined"]["miou"], 1),
        )
        for evaluation in evaluations
        if _measures_the_model(evaluation, run) and "miou" in _last(evaluation)["refined"]
    ]
    return ModelCardData(
        license=licence,
        library_name="iaff",
        pipeline_tag="image-segmentation",
        tags=[*filter(None, ("weakly-supervised", "semantic-segmentation", "affinity-propagation", tag))],
        model_name=repo.partition("/")[2],
        eval_results=(run.finished_rounds() and results) or None,  # without weights there is no model that has them
    )


def _about(run: Run, repo: str) -> str:
    config, rounds = run.config, run.finished_rounds()
    photos = str(config.get("photos", "")).partition(" ")[0]
    trained = config.get("data", {}).get("train", "")
    held = (
        f"It holds the weights of a classifier and of {rounds} rounds (a unary, a region and a pairwise network each), "
        "and traces"
        if rounds
        else "It holds no weights, but figures, and traces"
    )
    source = f"{photos} of {_data_name(run)}" if photos else _data_name(run)
    lines = {
        "Classes": ", ".join(run.classes),
        "Photos": f"{source}{f', split {trained}' if trained else ''}; of each only its tags",
        "Backbone": f"{config.get('backbone')}, output stride {config.get('output_stride')}",
        "Initial weights": config.get("weights"),
        "Affinity": config.get("affinity"),
        "Seed": config.get("seed"),
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in lines.items() if value not in (None, ""))
    use = f'trace = iaff.explain("photo.jpg", run="hf://{repo}")' if rounds else f'run = iaff.Run.load("hf://{repo}")'
    return f"""\
# {run.name}

A run of weakly-supervised semantic segmentation by iterative affinity learning (Wang, Liu, Ma, Yang, IJCV 2020),
trained with **iaff**: from image-level tags alone it learns masks. {held} that the explorer opens pixel by pixel.

```
iaff hf://{repo}
```

```python
import iaff
{use}
```

`hf://{repo}@COMMIT` pins this state of it. Nothing in this repository is executed or unpickled when it is opened: it
holds JSON, CSV and safetensors.

| | |
|---|---|
{table}"""


def _figures(run: Run, evaluations: list[dict[str, Any]]) -> str:
    if not evaluations:
        return "## Figures\n\nNone were measured against masks."
    intro = (
        "## Figures\n\nmIoU in %, pooled over all pixels that are not void, at the photos' own size. α^u is the unary "
        "network's map, α^p the same refined by the learnt affinity. *With tags*: classes outside the photo's tags are "
        "left out; *proposed tags*: those outside what the run's own classifier proposes; *without tags*: nothing is."
    )
    return "\n\n".join([intro, *(_evaluation(run, evaluation) for evaluation in evaluations)])


def _evaluation(run: Run, evaluation: dict[str, Any]) -> str:
    columns = _columns(evaluation)
    heads = [f"{MAPS[name]} {PROTOCOLS[key]}" for name, key in columns]
    rows = [
        [str(entry["round"]), *(_percent(entry.get(name, {}).get(key)) for name, key in columns)]
        for entry in evaluation["rounds"]
    ]
    split = evaluation.get("split", "")
    notes = [
        f"{evaluation['images']} photos" if "images" in evaluation else "",
        "photos that were trained on, by their tags: how good the labels are, not how good the model is on new photos"
        if split.startswith("train")
        else "",
        "settings were chosen on this split" if split == run.config.get("data", {}).get("tune") else "",
        f"mIoU: {counted(_ious(evaluation), evaluation.get('absent', []))}" if _ious(evaluation) else "",
    ]
    last = _last(evaluation)
    key = "iou" if "iou" in last["refined"] else "iou_tags"
    by_class = [[name, _percent(value)] for name, value in last["refined"].get(key, {}).items()]
    protocol = PROTOCOLS[key.replace("iou", "miou")]
    parts = [
        f"### Split {split}",
        "; ".join(filter(None, notes)) + "." if any(notes) else "",
        _table(["round", *heads], rows),
    ]
    if by_class:
        parts += [f"By class, α^p of round {last['round']} {protocol}:", _table(["class", "IoU"], by_class)]
    return "\n\n".join(filter(None, parts))


def _ious(evaluation: dict[str, Any]) -> list[dict[str, float | None]]:
    """The IoU by class behind each mIoU of the table."""
    keys = [(name, key.replace("miou", "iou")) for name, key in _columns(evaluation)]
    return [entry[name][key] for entry in evaluation["rounds"] for name, key in keys if key in entry.get(name, {})]


def _use(run: Run, evaluations: list[dict[str, Any]]) -> str:
    kind = _kind(run)
    limits = [
        f"It knows {len(run.classes) - 1} classes and the background; of anything else it makes one of these, with "
        "confidence.",
        "It learnt from tags, not from masks: what always occurs with a class (water and boats) may be taken for it.",
    ]
    if kind in ("voc", "coco"):
        limits.append(
            f"Its figures are of the photos of {DATA[kind][1]} that show these classes, and not comparable with "
            "figures of all classes of that data set."
        )
    if kind == "shapes":
        limits.append("It was trained on drawn scenes: it shows how the method works, and is of no use on photos.")
    if not evaluations:
        limits.append("How good it is was not measured against masks.")
    listed = "\n".join(f"- {limit}" for limit in limits)
    return f"""\
## Intended use

Looking into the method, teaching it, comparing with it. Not for decisions about people, and not measured for any use in
which an error harms.

## Limits

{listed}"""


def _photos(photos: list[dict[str, Any]]) -> str:
    if not photos:
        return ""
    rows = [
        [
            photo.get("title", photo["name"]),
            *(photo.get("credit", {}).get(key, "") for key in ("author", "licence", "source")),
        ]
        for photo in photos
    ]
    return (
        "## Photos in the traces\n\nThe traces hold these photos, which have licences of their own; the licence "
        "named above is that of the weights.\n\n" + _table(["photo", "author", "licence", "source"], rows)
    )


def _columns(evaluation: dict[str, Any]) -> list[tuple[str, str]]:
    """Which mIoUs a split has, as (map, key)."""
    rounds = evaluation.get("rounds", [])
    pairs = [(name, key) for key in PROTOCOLS for name in MAPS]
    return [(name, key) for name, key in pairs if any(key in entry.get(name, {}) for entry in rounds)]


def _measures_the_model(evaluation: dict[str, Any], run: Run) -> bool:
    """Whether its photos are new to the run: not trained on (VOC's train is a part of train_aug), nor tuned on."""
    split, data = evaluation.get("split", ""), run.config.get("data", {})
    return split not in ("", data.get("train"), data.get("tune")) and not split.startswith("train")


def _last(evaluation: dict[str, Any]) -> dict[str, Any]:
    return max(evaluation["rounds"], key=lambda entry: entry["round"])


def _kind(run: Run) -> str:
    return run.config.get("data", {}).get("kind", "")


def _data_name(run: Run) -> str:
    _, name = DATA.get(_kind(run), ("", "photos"))
    chosen = run.config.get("data", {}).get("classes")
    return f"{name} ({len(chosen)} of its classes)" if chosen and _kind(run) in ("voc", "coco") else name


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
