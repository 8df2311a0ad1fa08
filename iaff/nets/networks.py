"""The networks of a run, as its settings say, and their weights out of a file."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from iaff.config import Config
from iaff.errors import UserError
from iaff.nets.backbones import Depth, build_trunk
from iaff.nets.classifier import Classifier
from iaff.nets.folding import Network
from iaff.nets.guidance import Pairwise
from iaff.nets.pairwise import build_pairwise
from iaff.nets.region import Region
from iaff.nets.trunk import Trunk
from iaff.nets.unary import Unary
from iaff.tensor_files import Damaged, load_tensors


@dataclass(frozen=True)
class Networks:
    """Builds the networks of a run.

    Args:
        classes: C, without the background.
        pretrained: with the weights that training starts from; else :func:`read_weights` is to follow.
    """

    config: Config
    classes: int
    pretrained: bool

    def classifier(self) -> Classifier:
        return Classifier(self._trunk("classifier"), self.classes)

    def unary(self) -> Unary:
        return Unary(self._trunk("unary"), self.classes, self.config.output_stride, self.config.head)

    def region(self, f: Unary) -> Region:
        """The region network that scores what ``f`` sees in the superpixels."""
        return Region(f.feature_channels, self.classes)

    def pairwise(self) -> Pairwise:
        return build_pairwise(self.config, lambda: self._trunk("pairwise"))

    def _trunk(self, depth: Depth) -> Trunk:
        backbone, weights = self.config.trunk(depth)
        return build_trunk(backbone, depth, self.config.output_stride, weights if self.pretrained else "none")


class WrongWeights(UserError):
    """A file of weights is damaged, or holds others than its network's: what made it can make it again."""


def read_weights(net: Network, path: Path) -> Network:
    """The network with the weights that training wrote to ``path``, in full precision.

    Raises:
        WrongWeights: the file is damaged, or its weights are of another network or not finite; the network is as it
            was.
        UserError: the file is missing, or this user may not read it.
    """
    again = "copy the file again, or give the command of its training, which makes it anew."
    try:
        state = load_tensors(path)
    except Damaged as error:
        raise WrongWeights(f"{path} cannot be read ({error}). Expected the whole file; {again}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}). Expected weights; {again}") from error
    wanted = net.state_dict()
    for key in sorted(wanted.keys() | state.keys()):
        got, expected = _described(state.get(key)), _described(wanted.get(key))
        if got != expected:
            raise WrongWeights(
                f"{path} holds weights of another network than config.json says: {key} is {got}, expected {expected}; "
                f"{again}"
            )
        if not state[key].isfinite().all():
            raise WrongWeights(f"{path}: got numbers in {key} that are not finite, expected weights; {again}")
    net.load_state_dict({key: value.float() for key, value in state.items()})
    return net


def _described(tensor: Tensor | None) -> str:
    """Kind and shape; floats of half precision are as good as those of full."""
    if tensor is None:
        return "not there"
    kind = "floats" if tensor.is_floating_point() else str(tensor.dtype).removeprefix("torch.")
    return f"{kind} {tuple(tensor.shape)}"
