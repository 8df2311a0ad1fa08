"""Makes `.venv` and installs the pinned requirements, once: `python tools/setup.py [requirements.txt ...]`.

A stamp, written last, records what was installed; while it fits, a call costs a few milliseconds. An install
that was cut short leaves an unfinished stamp and is resumed by the next call. It is done by uv, where that is there
(seconds in place of minutes), else by pip. IAFF_TORCH=cpu asks for torch's build of that name, and is remembered.
Standard library only; the parts before the check of the Python version keep to what an old Python 3 understands.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
STAMP = "installed.json"
BUILD = "torch"  # in the stamp: the build of torch that was asked for
USUAL = "default"  # asks for the usual build again
PAIR = re.compile(r"^(torch|torchvision)==([\d.]+)", re.M)


class SetupError(Exception):
    """Something that the user can put right; the message is one sentence or two."""


def main(root, names):
    """Brings `root/.venv` up to date with the requirements files `names`; returns the exit status."""
    try:
        check_python(sys.version_info[:2])
        prepare(root, names)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def check_python(version):
    """Refuses a Python, given as (major, minor), that is too old."""
    if version < OLDEST:
        raise SetupError(
            "iaff needs Python {}.{} or newer, but {} is {}.{}: install a newer one, or name it with "
            "make app PYTHON=/path/to/python3.".format(*OLDEST, sys.executable, *version)
        )


def prepare(root, names):
    """Creates what is missing, installs what has changed, and writes the stamp last."""
    venv = root / ".venv"
    had = stamp(venv).get(BUILD, "")
    build = os.environ.get("IAFF_TORCH") or had
    build = "" if build == USUAL else build
    if not re.fullmatch(r"[a-z0-9.]*", build):
        raise SetupError(f"Got TORCH={build}, expected the name of one of torch's builds, such as cpu or cu130.")
    wanted = {**{name: digest(root / name) for name in names}, **({BUILD: build} if build else {})}
    if build == had and stamp(venv).items() >= wanted.items() and works(venv):
        return
    ready = build == had and works(venv)  # another build begins anew: the gigabytes of the one before would stay
    cut_short = not stamp(venv).keys() - {BUILD}  # or there is nothing yet
    target = venv if ready else root
    if not os.access(target, os.W_OK):
        raise SetupError(f"No permission to write in {target}: copy iaff to a folder of your own.")
    if not ready:
        create(venv)
    write_stamp(venv, {BUILD: build} if build else {})
    install(venv, [root / name for name in names], build, cut_short)
    write_stamp(venv, wanted)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stamp(venv):
    """What is installed: digests by the name of the requirements file; empty when in doubt."""
    try:
        return dict(json.loads((venv / STAMP).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def write_stamp(venv, content):
    partial = venv / (STAMP + ".tmp")
    partial.write_text(json.dumps(content, indent=1), "utf-8")
    partial.replace(venv / STAMP)


def works(venv):
    """Whether the environment runs, with pip, on a Python that is new enough, or of the version asked for."""
    code = "import pip, sys; print(*sys.version_info[:2])"
    try:
        found = subprocess.run([python(venv), "-c", code], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    version = tuple(int(part) for part in found.split())
    asked = os.environ.get("IAFF_PYTHON_ASKED")  # the Makefile sets it when PYTHON=... was given
    return version == sys.version_info[:2] if asked else version >= OLDEST


def python(venv):
    return str(venv / "bin" / "python")


def create(venv):
    """A fresh environment in place of one that is missing or broken."""
    version = "{}.{}".format(*sys.version_info[:2])
    print(f"Creating .venv with Python {version}.", flush=True)
    if venv.is_symlink() or venv.is_file():
        raise SetupError(f"{venv} is not a folder: move it away, and try again.")
    # This may be the Python of the very environment that is removed here.
    base = getattr(sys, "_base_executable", None) or sys.executable
    shutil.rmtree(venv, ignore_errors=True)
    command = [base, "-m", "venv", str(venv)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        said = (made.stdout + made.stderr).strip()
        if "ensurepip" in said or "No module named venv" in said:
            raise SetupError(
                f"{base} has no venv module: install it (on Debian and Ubuntu: "
                f"apt install python{version}-venv), and try again."
            )
        raise SetupError(f"Creating {venv} failed: {said.splitlines()[-1] if said else 'no reason given'}")


def install(venv, files, build, cut_short):
    """Installs the requirements files; the installer's own output shows the progress.

    ``cut_short``: packages may be there that look complete, and are not.
    """
    forget_partial(venv)
    build = build if sys.platform == "linux" else ""  # elsewhere there is one build, and it is small
    size = "6 GB" if sys.platform == "linux" and build != "cpu" else "2 GB"
    print(f"Installing dependencies: some minutes at most, {size}, once.", flush=True)
    listed = [part for file in files for part in ("-r", str(file))]
    if not any(run(command) for command in installers(venv, files, listed, build, cut_short)):
        where = (
            " Builds of torch by name lie on package indexes of their own, which pytorch.org lists: name one, as in"
            " PIP_EXTRA_INDEX_URL=ADDRESS make app TORCH=cpu, or install uv, which knows them; make app TORCH=default"
            " takes the usual build."
        )
        raise SetupError("Installing failed (above is why); the same command goes on from here." + where * bool(build))


def installers(venv, files, listed, build, cut_short):
    """The commands that install, the quickest first; each next one is for where that fails."""
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--python", python(venv), *listed]
        command += ["--reinstall"] * cut_short  # from its cache: seconds
        yield command + (["--torch-backend", build] if build else [])
    command = [python(venv), "-m", "pip", "install", "--disable-pip-version-check", *listed]
    if build:
        exact = venv / "torch.txt"
        pins = dict(pin for file in files for pin in PAIR.findall(file.read_text("utf-8")))
        exact.write_text("".join(f"{name}=={version}+{build}\n" for name, version in pins.items()), "utf-8")
        command += ["-c", str(exact)]
    yield command


def run(command):
    return subprocess.run(command, check=False).returncode == 0


def forget_partial(venv):
    """Makes pip redo packages that it was writing when it was stopped.

    Their metadata may be there and look complete; pip writes RECORD last.
    """
    for folder in venv.glob("lib/python*/site-packages/*.dist-info"):
        if not (folder / "RECORD").exists():
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent, sys.argv[1:] or ["requirements-train.txt"]))
