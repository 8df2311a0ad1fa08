"""Where that lies which comes along with the code: the shipped runs, the gallery, lessons, configs.

Installed, all of it is in the package. In a clone of the repository (and so with ``pip install -e .``) it lies in
folders beside the package.
"""

import os
from pathlib import Path

PACKAGE = Path(__file__).parent
CLONE = None if (PACKAGE / "assets").is_dir() else PACKAGE.parent  # the repository's folder; None: installed

ASSETS = (CLONE or PACKAGE) / "assets"
RUNS = ASSETS / "runs"
SHIPPED = RUNS / "animals"  # the run that is meant where none is named
GALLERY = ASSETS / "gallery"
LESSONS = CLONE / "lessons" if CLONE else ASSETS / "lessons"
CONFIGS = (CLONE or PACKAGE) / "training" / "configs"
TRAINING = "training" if CLONE else "iaff.training"  # the package of that name


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path that a user gave, with ``~`` and ``~name`` in front as the home folder of this user or of that one.

    A shell does the same only at the beginning of a word: not in ``data.root=~/voc``, nor in Python or the environment.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:  # nobody of that name: then it is a file's, such as ~draft.jpg
        return Path(path)
