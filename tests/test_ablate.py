"""The command line of the ablations: what is chosen, and settings for all of it right after."""

import sys

import pytest

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
