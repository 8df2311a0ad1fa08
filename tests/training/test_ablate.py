"""The command line of the ablations: what is chosen, and settings for all of it right after."""

import shutil
import sys

import pytest

from iaff.errors import UserError
from training import ablate


@pytest.mark.parametrize(
    ("chosen", "only", "seeds"),
    [
        (["--only", "iterated PSA"], ["iterated PSA"], None),
        (["--only", "no L_s", "--seed", "1", "--only", "IAL", "--seed", "3"], ["no L_s", "IAL"], [1, 3]),
        ([], None, None),
    ],
)
def test_settings_follow_what_is_chosen(monkeypatch, chosen, only, seeds):
    asked = []
    monkeypatch.setattr(ablate, "ablate", lambda how: asked.append(how) or {})
    monkeypatch.setattr(sys, "argv", ["ablate", *chosen, "data.root=DIR", "rounds=1"])
    ablate.main()
    assert [(how.only, how.seed, how.settings) for how in asked] == [(only, seeds, ["data.root=DIR", "rounds=1"])]


@pytest.mark.parametrize(
    ("row", "parts"), [("no L_s", (*ablate.SHARED, *ablate.FROM_SEEDS)), ("plain CAM", ablate.SHARED)]
)
def test_rows_share_what_the_first_run_has_made(tmp_path, row, parts):
    base, folder, settings = tmp_path / "IAL_0", tmp_path / "row", ablate.ABLATIONS[row]
    for name in (*ablate.SHARED, *ablate.FROM_SEEDS):
        file = base / name if name.endswith(".safetensors") else base / name / "000000.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    for _ in range(2):  # started again, it finds them
        ablate.share(base, folder, settings)
    shared = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.safetensors"))
    assert len(shared) == len(parts)
    assert all(path.startswith(parts) for path in shared)
    shutil.rmtree(base / "cache")
    with pytest.raises(UserError, match="IAL_0, and it is trained again"):
        ablate.share(base, tmp_path / "other", settings)
