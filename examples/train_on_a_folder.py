"""Trains on a plain folder: photos, and a table of their tags. Takes half a minute with the tiny settings here.

    python -m examples.train_on_a_folder [DIR]

Without DIR, a folder is made first, to show what one looks like. For real photos use the settings of
``training/configs/folder.toml``: python -m training.train --config training/configs/folder.toml data.root=DIR
"""

import csv
import sys
from pathlib import Path

from PIL import Image

from iaff.config import load_config
from iaff.data import Shapes
from training.train import train

CONFIGS = Path(__file__).parent.parent / "training/configs"


def make(folder: Path) -> None:
    """Twelve photos of any names, and tags.csv with a line for each: file,tag;tag. Masks are not needed."""
    folder.mkdir(parents=True)
    scenes = Shapes(12, seed=1)
    with (folder / "tags.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "tags"])
        for i in range(len(scenes)):
            Image.fromarray(scenes.image(i)).save(folder / f"photo {i}.png")
            table.writerow([f"photo {i}.png", ";".join(n for n, yes in zip(scenes.classes[1:], scenes.tags(i)) if yes)])


folder = Path(sys.argv[1] if len(sys.argv) > 1 else "my_photos")
if not (folder / "tags.csv").exists():
    make(folder)
tiny = ["name=own", "data.kind=folder", f"data.root={folder}", "data.train_size=0"]
run = train(load_config(CONFIGS / "shapes_tiny.toml", tiny), Path("runs/own"))
print(f"classes: {', '.join(run.classes)}; {run.finished_rounds()} rounds in {run.dir}")
print("Look at it: python -m iaff explore runs/own")
