"""The networks of a run, as its settings say, and their weights out of a file."""

from dataclasses import dataclass
from pathlib import Path

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


def read_weights(net: Network, path: Path) -> Network:
    """The network with the weights that training wrote to ``path``, in full precision.

    Raises:
        UserError: the file is missing or damaged, or holds those of another network.
    """
    try:
        state = load_tensors(path)
    except (Damaged, OSError) as error:
        raise UserError(
            f"{path} cannot be read ({error}). Expected the whole file that training wrote; copy or train it again."
        ) from error
    try:
        net.load_state_dict({key: value.float() for key, value in state.items()})
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else error
        raise UserError(f"{path} holds weights of another network than config.json says: {first}") from error
    return net
