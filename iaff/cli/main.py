"""The command line: every error is one sentence, and only what a command needs is imported."""

import argparse
import io
import os
import sys
from pathlib import Path

from iaff.errors import UserError

PLACE = "a path, or hf://owner/name[@revision] on the Hugging Face Hub"  # as text: a Path makes one slash of two


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m iaff", description="Iterative affinity learning, from a shell.")
    commands = top.add_subparsers(dest="command", required=True, metavar="refine | explore | export | doctor")

    refine = commands.add_parser("refine", help="photos -> label maps of every round, and a trace")
    refine.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="photos, or folders of photos")
    refine.add_argument("--tags", help="the classes in them, e.g. cat,person; '' for none (default: proposed)")
    refine.add_argument("--run", metavar="RUN", help=f"{PLACE} (default: the shipped run)")
    refine.add_argument("--out", type=Path, required=True, metavar="DIR", help="one folder per photo is made in it")

    explore = commands.add_parser("explore", help="open runs or traces in the browser")
    explore.add_argument("what", nargs="*", metavar="RUN or TRACE", help=f"{PLACE} (default: the shipped runs)")
    explore.add_argument(
        "--data", action="append", type=Path, metavar="DIR", help="folder of the data set that a run was trained on"
    )
    add_lessons(explore)
    add_server(explore)

    export = commands.add_parser("export", help="a trace as one HTML file that opens without a server")
    export.add_argument("trace", metavar="TRACE", help="a .safetensors file, or hf://owner/name/file.safetensors")
    export.add_argument("--html", type=Path, required=True, metavar="FILE", help="where the page is written")
    export.add_argument("--view", default="", metavar="QUERY", help="what it opens with, 'stage=affinity&round=3'")

    commands.add_parser("doctor", help="versions, devices, weights; what is missing and how to mend it")
    return top


def add_lessons(options: argparse.ArgumentParser) -> None:
    """Folders of lessons beside the shipped ones."""
    options.add_argument(
        "--lessons",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="folder of lessons of your own (docs/lessons.md); may be repeated",
    )


def add_server(options: argparse.ArgumentParser) -> None:
    """Host and port, which default to GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, as on a Space; and ``--mcp``."""
    options.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    options.add_argument("--port", type=int, default=os.environ.get("GRADIO_SERVER_PORT", "7860"))
    options.add_argument("--mcp", action="store_true", help="offer the endpoints as tools for agents too (MCP)")


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of photos may hold what the console's encoding does not
    args = parser().parse_args(argv)
    try:
        if args.command == "refine":
            from iaff.cli.refine import refine

            tags = None if args.tags is None else [tag.strip() for tag in args.tags.split(",") if tag.strip()]
            return refine(args.photos, tags, args.run, args.out)
        if args.command == "explore":
            from iaff.explorer.app import explore

            explore(args.what, args.host, args.port, args.data or [], args.lessons, args.mcp)
            return 0
        if args.command == "export":
            from iaff.explorer.standalone.page import export

            return export(args.trace, args.html, args.view)
        from iaff.cli.doctor import doctor

        return doctor()
    except UserError as error:
        print(f"iaff {args.command}: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"iaff {args.command}: {error}. `python -m iaff doctor` says how to mend that.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
