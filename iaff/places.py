"""Where that lies which comes along with the code: the shipped runs, the gallery, lessons, configs.

Installed, all of it is in the package. In a clone of the repository (and so with ``pip install -e .``) it lies in
folders beside the package.
"""

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
