"""The command line: every error is one sentence, and only what a command needs is imported."""

import argparse
import io
import os
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import iaff
from iaff.errors import UserError
from iaff.places import CLONE, TRAINING, expanded

# Modules of the package `training`, which read their arguments themselves, and what each makes.
PROGRAMS = {
    "train": "a config and photos with tags -> a run (needs the extra `train`)",
    "evaluate": "a run and a data set -> figures",
    "predict": "a run and a data set -> masks, for VOC's server",
    "prepare": "downloads VOC or COCO, and lays it out",
    "ship": "a run -> a small copy, to share; or on the Hub",
}
COMMANDS = ("explore", "refine", "import", "export", "doctor", *PROGRAMS)
PLACE = "a path, or hf://owner/name[@revision] on the Hugging Face Hub"  # as text: a Path makes one slash of two


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="iaff",
        description="Weakly-supervised semantic segmentation by iterative affinity learning.",
        epilog="Without a command, explore is meant: iaff, or iaff RUN. Options of a command: iaff COMMAND --help.",
    )
    top.add_argument("--version", action="version", version=f"iaff {iaff.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")

    explore = commands.add_parser("explore", help="open runs or traces in the browser")
    explore.add_argument("what", nargs="*", metavar="RUN or TRACE", help=f"{PLACE} (default: the shipped runs)")
    explore.add_argument(
        "--data", action="append", type=expanded, metavar="DIR", help="folder of the data set that a run was trained on"
    )
    add_lessons(explore)
    add_server(explore)

    refine = commands.add_parser("refine", help="photos -> label maps of every round, and a trace")
    refine.add_argument("photos", nargs="+", type=expanded, metavar="PHOTO", help="photos, or folders of photos")
    refine.add_argument(
        "--tags", help="the classes in them, e.g. cat,person; '' for none (default: what it is sure of)"
    )
    refine.add_argument("--run", metavar="RUN", help=f"{PLACE} (default: the shipped run)")
    refine.add_argument("--out", type=expanded, required=True, metavar="DIR", help="one folder per photo is made in it")

    add_import(commands.add_parser("import", help="files of another method -> a trace: CAM, matrix, attention, masks"))

    export = commands.add_parser("export", help="a trace as one HTML file that opens without a server")
    export.add_argument("trace", metavar="TRACE", help="a .safetensors file, or hf://owner/name/file.safetensors")
    export.add_argument("--html", type=expanded, required=True, metavar="FILE", help="where the page is written")
    export.add_argument("--view", default="", metavar="QUERY", help="what it opens with, 'stage=affinity&round=3'")

    doctor = commands.add_parser("doctor", help="versions, devices, weights; what is missing and how to mend it")
    doctor.add_argument("--data", type=expanded, metavar="DIR", help="look at the labels of the data set in it instead")
    add_check(doctor)
    for name, makes in PROGRAMS.items():
        commands.add_parser(name, help=makes, add_help=False)
    return top


def with_command(words: list[str]) -> list[str]:
    """The words of a command line, with ``explore`` in front where they name no command.

    Raises:
        UserError: the first is neither a command nor a file, and much like a command.
    """
    if words and words[0] in (*COMMANDS, "-h", "--help", "--version"):
        return words
    if words and not expanded(words[0]).exists() and (close := get_close_matches(words[0], COMMANDS, 1, 0.75)):
        raise UserError(
            f"There is no command, run or trace {words[0]!r}. Expected one of {', '.join(COMMANDS)}, or a path; did "
            f"you mean `iaff {close[0]}`?"
        )
    return ["explore", *words]


def run_program(name: str, words: list[str]) -> int:
    """Runs a module of ``training``, which lies in this package or, in a clone, beside it."""
    if CLONE and str(CLONE) not in sys.path:
        sys.path.insert(0, str(CLONE))
    import_module(f"{TRAINING}.{name}").main(words, f"iaff {name}")
    return 0


def add_check(options: argparse.ArgumentParser) -> None:
    """How :func:`iaff.data.check.check_data` looks at a data set."""
    options.add_argument("--kind", default="", choices=("voc", "coco", "folder"), help="default: what lies in it tells")
    options.add_argument("--split", nargs="*", default=[], metavar="NAME", help="default: all that are found")
    options.add_argument(
        "--out", type=expanded, default=".", metavar="DIR", help="where the contact sheets are written"
    )


def add_import(options: argparse.ArgumentParser) -> None:
    """The photo, and the files that belong to it: :mod:`iaff.cli.importing`."""
    files = {
        "photo": "the photo, or a folder of photos",
        "cam": "class activation: IRN's or PSA's .npy dictionary, or an array (C, h, w)",
        "scores": "scores or logits (C, h, w), background first; or a folder of grey PNGs named after their classes",
        "labels": "label map: PNG of class indices, 0 background, 255 unknown; or an array (h, w)",
        "affinity": "matrix (N, N): .npy, .pt, scipy.sparse .npz; or the arrays of a propagator, as .npz",
        "attention": "attention of one layer, (heads, N, N): .npy or .pt; the mean of its heads is taken",
        "refined": "a map that was refined without a matrix, as by a CRF: as --scores, or a label map",
        "truth": "true label map, PNG of class indices",
    }
    for name, text in files.items():
        options.add_argument(f"--{name}", type=expanded, required=name == "photo", metavar="FILE", help=text)
    options.add_argument("--classes", metavar="NAMES", help="cat,dog in the files' order (default: VOC's 20)")
    options.add_argument("--steps", type=int, metavar="N", help="apply the affinity so often (default: once)")
    options.add_argument(
        "--out", type=expanded, required=True, metavar="FILE", help="the trace; for a folder, a folder"
    )


def add_lessons(options: argparse.ArgumentParser) -> None:
    """Folders of lessons beside the shipped ones."""
    options.add_argument(
        "--lessons",
        action="append",
        type=expanded,
        default=[],
        metavar="DIR",
        help="folder of lessons of your own (docs/lessons.md); may be repeated",
    )


def add_server(options: argparse.ArgumentParser) -> None:
    """Where and how the page is served; host, port and path default to what Gradio's variables say, as on a Space."""
    known = os.environ.get
    options.add_argument(
        "--host", default=known("GRADIO_SERVER_NAME") or "127.0.0.1", help="default: this machine alone"
    )
    options.add_argument(
        "--port",
        type=port,
        default=known("GRADIO_SERVER_PORT") or "7860",
        metavar="N",
        help="default: 7860; 0: any free",
    )
    options.add_argument(
        "--root-path",
        default=known("GRADIO_ROOT_PATH", ""),
        metavar="PATH",
        help="below which path a reverse proxy serves the page, e.g. /iaff (docs/deploy.md)",
    )
    options.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name of this server that a reverse proxy passes on; may be repeated (docs/deploy.md)",
    )
    options.add_argument(
        "--embed",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="pages that may show the explorer in a frame, https://course.example, or * for all; may be repeated",
    )
    options.add_argument(
        "--auth",
        default="",
        metavar="USER:PASSWORD",
        help="ask for them; IAFF_AUTH in the environment keeps them out of the list of processes",
    )
    options.add_argument("--no-open", action="store_true", help="do not open the browser")
    options.add_argument("--mcp", action="store_true", help="offer the endpoints as tools for agents too (MCP)")


def port(text: str) -> int:
    """A port's number; 0 stands for any that is free."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(
            f"(or GRADIO_SERVER_PORT) got {text!r}, expected a number from 0 (any free port) to 65535, such as 7860."
        )
    return int(text)


def server_options(args: argparse.Namespace) -> dict[str, Any]:
    """What :func:`add_server` read, as :func:`iaff.explorer.app.explore` takes it; UserError where it is not right."""
    from iaff.explorer.web.access import access_of

    return {
        "host": args.host.strip("[]"),
        "port": args.port,
        "root_path": args.root_path,
        "open_page": not args.no_open,
        "mcp": args.mcp,
        "access": access_of(args.allow_host, args.embed, args.auth),
    }


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of photos may hold what the console's encoding does not
    command = ""
    try:
        words = with_command(sys.argv[1:] if argv is None else argv)
        command = words[0]
        if command in PROGRAMS:
            return run_program(command, words[1:])
        args = parser().parse_args(words)
        if args.command == "refine":
            from iaff.cli.refine import refine

            tags = None if args.tags is None else [tag.strip() for tag in args.tags.split(",") if tag.strip()]
            return refine(args.photos, tags, args.run, args.out)
        if args.command == "import":
            from iaff.cli.importing import import_files

            return import_files(args)
        if args.command == "explore":
            from iaff.explorer.app import explore

            explore(args.what, data=args.data or [], lessons=args.lessons, **server_options(args))
            return 0
        if args.command == "export":
            from iaff.explorer.standalone.page import export

            return export(args.trace, args.html, args.view)
        if args.data:
            from iaff.data.check import check_data

            return check_data(args.data, args.kind, args.split, args.out)
        from iaff.cli.doctor import doctor

        return doctor()
    except UserError as error:
        print(f"{f'iaff {command}'.strip()}: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"iaff {command}: {error}. `iaff doctor` says how to mend that.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
