"""Opens the explorer: ``python app.py [--run DIR] [--host HOST] [--port PORT]``; a Space's app file too."""

import sys

if sys.version_info < (3, 11):  # before any import that needs it, so that the answer is a sentence
    sys.exit("iaff needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])

import argparse
import os
from pathlib import Path

from iaff.errors import UserError
from iaff.explorer.app import build, check_port, launch, open_runs

SHIPPED = Path(__file__).parent / "assets" / "runs" / "animals"


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line; host and port default to GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, as on a Space."""
    parser = argparse.ArgumentParser(description="Explore weakly-supervised segmentation by iterative affinity.")
    parser.add_argument(
        "--run",
        action="append",
        type=Path,
        metavar="DIR",
        help="folder of a trained run; may be given more than once (default: the shipped run)",
    )
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=os.environ.get("GRADIO_SERVER_PORT", "7860"))
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Checks what can go wrong first; only then imports Gradio."""
    args = arguments(argv)
    try:
        runs = open_runs(args.run or [SHIPPED])
        check_port(args.host, args.port)
        demo = build(runs)
        where = "127.0.0.1" if args.host == "0.0.0.0" else args.host
        print(f"iaff explorer: http://{where}:{args.port}  (Ctrl+C stops it)", flush=True)
        launch(demo, args.host, args.port)
    except UserError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The explorer could not start: {error}.")


def __getattr__(name: str):
    """``demo`` for Gradio's own tools, built when it is asked for."""
    if name == "demo":
        return globals().setdefault("demo", build(open_runs([SHIPPED])))
    raise AttributeError(name)


if __name__ == "__main__":
    main()
