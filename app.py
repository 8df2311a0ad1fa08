"""Opens the explorer: ``python app.py [--run DIR] [--data DIR] [--port PORT]``; a Space's app file too."""

import sys

if sys.version_info < (3, 11):  # before any import that needs it, so that the answer is a sentence
    sys.exit("iaff needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])

import argparse
from pathlib import Path

from iaff.cli.main import add_lessons, add_server, server_options
from iaff.errors import UserError
from iaff.explorer.app import build, explore, open_all
from iaff.places import RUNS


def main(argv: list[str] | None = None) -> None:
    """As ``python -m iaff explore``, with the runs as ``--run``."""
    parser = argparse.ArgumentParser(description="Explore weakly-supervised segmentation by iterative affinity.")
    parser.add_argument(
        "--run",
        action="append",
        metavar="DIR",
        help="folder of a trained run, or of several, or a trace, or hf://owner/name[@revision] on the Hugging Face "
        "Hub; may be repeated (default: the shipped runs)",
    )
    parser.add_argument(
        "--data",
        action="append",
        type=Path,
        metavar="DIR",
        help="folder of the data set that a run was trained on, to look at its photos; may be repeated",
    )
    add_lessons(parser)
    add_server(parser)
    args = parser.parse_args(argv)
    try:
        explore(args.run or [], data=args.data or [], lessons=args.lessons, **server_options(args))
    except UserError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def __getattr__(name: str):
    """``demo`` for Gradio's own tools, built when it is asked for."""
    if name == "demo":
        return globals().setdefault("demo", build(open_all([RUNS])))
    raise AttributeError(name)


if __name__ == "__main__":
    main()
