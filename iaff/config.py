"""The settings of a run: a TOML file checked by pydantic, with ``key=value`` overrides from the command line."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from iaff.class_names import check_classes
from iaff.errors import UserError
from iaff.overrides import override, suggestion
from iaff.places import CONFIGS, expanded

Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_not_1(cls, value: Any, info: ValidationInfo) -> Any:
        """To pydantic it is, which nobody means who writes ``rounds=true``."""
        values = value if isinstance(value, list) else [value]
        if cls.model_fields[info.field_name or ""].annotation is not bool and any(isinstance(v, bool) for v in values):
            raise PydanticCustomError("no_bool", "Input should not be true or false")
        return value


class Data(Section):
    """Which photos: ``train`` is trained on (tags only); ``tune`` is measured after each round, if present."""

    kind: Literal["voc", "coco", "folder", "shapes"]
    root: str = ""
    classes: tuple[str, ...] = ()  # empty: all
    train: str = "train"
    train_size: NonNegativeInt = 0  # 0: all
    tune: str = "tune"  # "": none
    tune_size: NonNegativeInt = 0
    choice: NonNegativeInt | None = None  # seed that chooses these photos; default: the run's


class Fit(Section):
    """One network's training, with a polynomial decay (power 0.9) of its rates to 0 over ``steps`` batches.

    ``batch`` is the whole batch, however many processes and parts it is cut into.
    """

    steps: PositiveInt
    batch: PositiveInt = 16
    lr: NonNegativeFloat = 2e-4  # of the pretrained trunk
    lr_head: NonNegativeFloat = 2e-3  # of everything new
    weight_decay: NonNegativeFloat = 1e-2
    optimiser: Literal["adamw", "sgd"] = "adamw"  # sgd: momentum 0.9
    accumulate: PositiveInt = 1  # parts that a batch is cut into, one after the other
    crop: Annotated[int, Field(ge=16, multiple_of=16)] = 256  # px


class Climb(Section):
    """Anti-adversarial climbing of CAM: :func:`iaff.method.cam.climbed_activations`."""

    steps: NonNegativeInt = 0  # 0: plain CAM, as the paper has it
    size: PositiveFloat = 8.0  # of a step at the photo's steepest pixel, in grey levels
    held: Share = 0.5  # what reaches this share of a class's maximum at the start is held there
    weight: NonNegativeFloat = 7.0  # of holding it
    scale: PositiveFloat = 1.0  # of the photo that is climbed


class Cam(Section):
    scales: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (1.0,)
    flip: bool = True
    climb: Climb = Climb()


class Seeds(Section):
    """Shares of a class's maximal activation: foreground from ``foreground`` up, background below ``background``."""

    foreground: Share = 0.3
    background: Share = 0.05
    threshold: Share = 0.15  # the single one at which CAM itself is scored
    superpixels: bool = True  # average CAM in superpixels first (MCOF), so that seeds end at edges


class Superpixels(Section):
    """Felzenszwalb's parameters in scikit-image, for photos of about 352 px."""

    scale: PositiveFloat = 100.0
    sigma: NonNegativeFloat = 0.8
    min_size: PositiveInt = 25


class Mining(Section):
    mode: Literal["relabel", "drop_disagree", "none"] = "relabel"
    purity: Share = 0.8
    tau: Share = 0.7
    tau_background: Share | None = None  # for verdicts of background; default: tau
    steps: PositiveInt = 1500
    batch: PositiveInt = 512
    lr: NonNegativeFloat = 1e-3
    most: PositiveInt = 500_000  # superpixels that teach at most, from photos drawn by the seed: memory holds them


class PairwiseLoss(Section):
    smoothness: NonNegativeFloat = 0.1  # weight of L_s
    probes: PositiveInt = 4  # Rademacher vectors of the Hutchinson estimate
    passes: PositiveInt = 1


class Walk(Section):
    """The random walk of the kind ``affinitynet``, as PSA has it; the radius is in grid pixels."""

    radius: Annotated[int, Field(ge=2)] = 5
    beta: PositiveFloat = 8.0
    steps: PositiveInt = 256


class UnaryTargets(Section):
    soft: bool = False  # later rounds learn from alpha^p itself instead of its labels
    balanced_seeds: bool = True  # round 1: object and background seeds weigh the same (SEC, DSRG)
    balanced_later: bool = False  # the same with the refined labels of later rounds, which find too little of objects
    keep_objects: bool = False  # labels of later rounds have as many object cells as those of round 1: see Stages
    warm_start: bool = True  # from the last round's unary network, else from ImageNet


class Config(Section):
    """Everything that decides what a run becomes; saved with it as ``config.json``."""

    name: Annotated[str, Field(min_length=1)]
    seed: NonNegativeInt = 0
    rounds: PositiveInt = 5
    supervision: Literal["tags", "masks"] = "tags"  # masks: the upper bound, never weakly supervised
    backbone: str = "mobilenet_v2"  # a name in iaff/nets/backbones.py, or timm:NAME, which check_backbones checks
    head: Literal["aspp", "largefov"] = "aspp"  # of the unary network
    weights: str = "imagenet"  # imagenet, a path to torchvision's or timm's state dict, or none
    classifier_backbone: str = ""  # of the classifier alone, whose maps give the seeds; empty: backbone
    classifier_weights: str = ""  # as weights; empty: weights
    output_stride: int = 16  # 8, 16 or 32, as far as the backbone can
    traces: NonNegativeInt = 4  # photos of ``tune`` whose traces are rewritten after each round
    precision: Literal["fp32", "bf16", "fp16"] = "bf16"
    data: Data
    classifier: Fit
    cam: Cam = Cam()
    seeds: Seeds = Seeds()
    superpixels: Superpixels = Superpixels()
    unary: Fit
    unary_scales: tuple[PositiveFloat, ...] = ()  # of the photo beside 1, over which alpha^u is averaged too
    targets: UnaryTargets = UnaryTargets()
    mining: Mining = Mining()
    # What refines: IAL's network, PSA's with its walk, PAMR (nothing is learnt), or nothing (plain self-training).
    affinity: Literal["spn", "affinitynet", "pamr", "none"] = "spn"
    pairwise: Fit
    pairwise_warm_start: bool = True  # from the last round's, else from ImageNet
    loss: PairwiseLoss = PairwiseLoss()  # of the kind spn
    walk: Walk = Walk()  # of the kind affinitynet

    def recorded(self) -> dict[str, Any]:
        """As in ``config.json``: where photos and files of weights lie says nothing about a run."""
        found = self.model_dump(mode="json")
        found["data"].pop("root")
        for weights in ("weights", "classifier_weights"):
            found[weights] = Path(found[weights]).name
        return found

    def trunk(self, network: str) -> tuple[str, str]:
        """The backbone of the ``classifier`` or of another network, and its weights."""
        if network == "classifier":
            return self.classifier_backbone or self.backbone, self.classifier_weights or self.weights
        return self.backbone, self.weights

    @property
    def choice(self) -> int:
        """The seed that chooses photos."""
        return self.seed if self.data.choice is None else self.data.choice


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Reads a TOML config and applies overrides such as ``data.root=DIR`` or ``rounds=2``.

    A name alone, such as ``animals``, and ``training/configs/animals.toml`` outside a clone, is one that is shipped.

    Which backbones there are is checked where they are built: :func:`iaff.nets.backbones.check_backbones`.

    Raises:
        UserError: the file is missing or a setting has the wrong name, type or value, as too many classes.
    """
    path = expanded(path)
    if not path.is_file() and path.parent in (Path(), Path("training/configs")):
        path = CONFIGS / f"{path.stem}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.toml"))) or "none"
        raise UserError(f"No config {path}. Configs in {path.parent}: {known}.")
    try:
        tree = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{path} is not valid TOML: {error}. Expected lines such as rounds = 5.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no text in UTF-8 ({error}). Expected TOML; save the file as UTF-8.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}. Expected a config as TOML.") from error
    for item in overrides:
        override(tree, item, Config)
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        errors = error.errors()
        first = next((found for found in errors if found["type"] != "missing"), errors[0])
        where = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise UserError(f"{path}: there is no setting {where}{suggestion(where, Config)}.") from error
        if first["type"] == "missing":
            raise UserError(f"{path}: got no setting {where}, expected one. Add it, or give {where}=VALUE.") from error
        raise UserError(f"Setting {where}: got {first.get('input')!r}; {first['msg']} ({path}).") from error
    check_classes(config.data.classes, "data.classes")
    return config
