"""The settings of a run: a TOML file checked by pydantic, with ``key=value`` overrides from the command line."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iaff.errors import UserError


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Data(Section):
    """Which photos: ``train`` is trained on (tags only); ``tune`` is measured after each round, if present."""

    kind: Literal["voc", "coco", "folder", "shapes"]
    root: str = ""
    classes: tuple[str, ...] = ()  # empty: all
    train: str = "train"
    train_size: int = 0  # 0: all
    tune: str = "tune"
    tune_size: int = 0
    choice: int | None = None  # seed of the choice of ``train_size`` and ``tune_size`` photos; default: the run's


class Fit(Section):
    """One network's training, with a polynomial decay (power 0.9) of its rates to 0 over ``steps`` batches.

    ``batch`` is the whole batch, however many processes and parts it is cut into.
    """

    steps: int
    batch: int = 16
    lr: float = 2e-4  # of the pretrained trunk
    lr_head: float = 2e-3  # of everything new
    weight_decay: float = 1e-2
    optimiser: Literal["adamw", "sgd"] = "adamw"  # sgd: momentum 0.9
    accumulate: Annotated[int, Field(ge=1)] = 1  # parts that a batch is cut into, one after the other
    crop: int = 256  # px; a multiple of 16


class Cam(Section):
    scales: tuple[float, ...] = (1.0,)
    flip: bool = True


class Seeds(Section):
    """Shares of a class's maximal activation: foreground from ``foreground`` up, background below ``background``."""

    foreground: float = 0.3
    background: float = 0.05
    threshold: float = 0.15  # the single one at which CAM itself is scored
    superpixels: bool = True  # average CAM in superpixels first (MCOF), so that seeds end at edges


class Superpixels(Section):
    """Felzenszwalb's parameters in scikit-image, for photos of about 352 px."""

    scale: float = 100.0
    sigma: float = 0.8
    min_size: int = 25


class Mining(Section):
    mode: Literal["relabel", "drop_disagree", "none"] = "relabel"
    purity: float = 0.8
    tau: float = 0.7
    tau_background: float | None = None  # for verdicts of background; default: tau
    steps: int = 1500
    batch: int = 512
    lr: float = 1e-3
    most: int = 500_000  # superpixels that teach at most, from photos drawn by the seed: they are held in memory


class PairwiseLoss(Section):
    smoothness: float = 0.1  # weight of L_s
    probes: int = 4  # Rademacher vectors of the Hutchinson estimate
    passes: int = 1


class Walk(Section):
    """The random walk of the kind ``affinitynet``, as PSA has it; the radius is in grid pixels."""

    radius: Annotated[int, Field(ge=2)] = 5
    beta: float = 8.0
    steps: Annotated[int, Field(ge=1)] = 256


class UnaryTargets(Section):
    soft: bool = False  # later rounds learn from alpha^p itself instead of its labels
    balanced_seeds: bool = True  # round 1: object and background seeds weigh the same (SEC, DSRG)
    balanced_later: bool = False  # the same with the refined labels of later rounds, which find too little of objects
    warm_start: bool = True  # from the last round's unary network, else from ImageNet


class Config(Section):
    """Everything that decides what a run becomes; saved with it as ``config.json``."""

    name: str
    seed: int = 0
    rounds: int = 5
    supervision: Literal["tags", "masks"] = "tags"  # masks: the upper bound, never weakly supervised
    backbone: Literal["mobilenet_v2", "vgg16", "resnet50", "resnet101", "small"] = "mobilenet_v2"
    head: Literal["aspp", "largefov"] = "aspp"  # of the unary network
    weights: str = "imagenet"  # imagenet, a path to torchvision's state dict, or none
    output_stride: int = 16
    traces: int = 4  # photos of ``tune`` whose traces are rewritten after each round
    precision: Literal["fp32", "bf16", "fp16"] = "bf16"
    data: Data
    classifier: Fit
    cam: Cam = Cam()
    seeds: Seeds = Seeds()
    superpixels: Superpixels = Superpixels()
    unary: Fit
    targets: UnaryTargets = UnaryTargets()
    mining: Mining = Mining()
    # What refines: IAL's network, PSA's with its walk, PAMR (nothing is learnt), or nothing (plain self-training).
    affinity: Literal["spn", "affinitynet", "pamr", "none"] = "spn"
    pairwise: Fit
    pairwise_warm_start: bool = True  # from the last round's, else from ImageNet
    loss: PairwiseLoss = PairwiseLoss()  # of the kind spn
    walk: Walk = Walk()  # of the kind affinitynet

    @property
    def choice(self) -> int:
        """The seed that chooses photos."""
        return self.seed if self.data.choice is None else self.data.choice


def load_config(path: str | Path, overrides: list[str] = ()) -> Config:
    """Reads a TOML config and applies overrides such as ``data.root=DIR`` or ``rounds=2``.

    Raises:
        UserError: the file is missing or a setting has the wrong name, type or value.
    """
    path = Path(path)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.toml"))) or "none"
        raise UserError(f"No config {path}. Configs in {path.parent}: {known}.")
    try:
        tree = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}") from error
    for item in overrides:
        _override(tree, item)
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"Setting {where}: got {first.get('input')!r}; {first['msg']} ({path}).") from error


def _override(tree: dict[str, Any], item: str) -> None:
    key, equals, value = item.partition("=")
    if not equals:
        raise UserError(f"Override {item!r}: expected key=value, such as rounds=2 or data.root=DIR.")
    *parents, last = key.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
    try:
        tree[last] = tomllib.loads(f"x = {value}")["x"]
    except tomllib.TOMLDecodeError:
        tree[last] = value  # a bare word or a path: a string
