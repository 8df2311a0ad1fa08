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


def test_rows_share_what_the_first_run_has_made(tmp_path):
    base, row = tmp_path / "IAL_0", tmp_path / "row"
    for name in ablate.SHARED:
        file = base / name if name.endswith(".safetensors") else base / name / "000000.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    ablate.share(base, row)
    ablate.share(base, row)  # started again, it finds them
    made, shared = [sorted(path.relative_to(run) for path in run.rglob("*.safetensors")) for run in (base, row)]
    assert shared == made
    assert len(made) == len(ablate.SHARED)
    shutil.rmtree(base / "cache")
    with pytest.raises(UserError, match="IAL_0, and it is trained again"):
        ablate.share(base, tmp_path / "other")
