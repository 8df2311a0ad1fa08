"""The traces that the scripts are tried on."""

from dataclasses import dataclass
from pathlib import Path

from tests.ui.places import SHIPPED
from tests.ui.synthetic import make_attention, make_run, make_walk


@dataclass
class Traces:
    """Files of traces; ``folder`` is for what else an oracle needs."""

    folder: Path
    chelsea: Path  # made by hand: one tag, one pass
    astronaut: Path  # two tags, two passes
    walk: Path  # a random walk
    attention: Path  # sparse affinities on a coarse grid
    trained: dict[str, Path]  # of the shipped run, by photo

    @classmethod
    def make(cls, folder: Path) -> "Traces":
        made = make_run(folder / "synthetic") / "traces"
        walk = folder / "walk.safetensors"
        make_walk().save(walk)
        attention = folder / "attention.safetensors"
        make_attention().save(attention)
        trained = {path.stem: path for path in sorted((SHIPPED / "traces").glob("*.safetensors"))}
        return cls(folder, made / "chelsea.safetensors", made / "astronaut.safetensors", walk, attention, trained)

    def made_and_trained(self) -> list[Path]:
        """Two made by hand (two tags, one tag), and three that were trained."""
        return [self.astronaut, self.chelsea, *list(self.trained.values())[:3]]
