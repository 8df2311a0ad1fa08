"""Other propagators in the browser against Python's, on the same photo: maps, rows, columns; and what goes wrong."""

import base64

import numpy as np
import pytest
import torch

from iaff.data.transforms import grid_photo
from iaff.explorer.server.other_propagators import propagate
from iaff.nets.untrained import GRID_DILATIONS, GRID_STEPS
from iaff.propagation import Pamr, colour_walk
from iaff.trace import Trace

# The server is made up, so that it can be counted and broken; it answers with Python's own function.
SETUP = """async () => {
  const folder = __iaff.base + __iaff.scripts;
  window.others = await import(`${folder}/server/other_propagators.js`);
  const { loadTrace } = await import(`${folder}/trace/trace.js`),
    { Client } = await import(`${folder}/client/client.js`);
  window.trace = await loadTrace(__iaff.client, __iaff.photos.url("chelsea.safetensors"), "chelsea");
  window.client = new Client({ server: { propagate: window.ask } });
}"""
LATER = """async ([by, t]) => {
  const seen = await others.refinedBy(client, trace, by);
  const ended = new Promise((wake) => (seen.onlater = () => seen.refined(t) && wake()));
  if (!seen.refined(t)) await ended;
  return [...seen.refined(t)];
}"""
QUERY = """async ([by, t, what, p]) => {
  const seen = await others.refinedBy(client, trace, by), g = seen.affinity(t), out = new Float32Array(seen.n);
  g[what](p, out);
  while (g.steps && g.at < g.steps) {
    await new Promise((wake) => setTimeout(wake, 5));
    g[what](p, out);
  }
  return [...out];
}"""


@pytest.fixture
def asked(view):
    """A page with ``other_propagators.js`` loaded; the list of what was asked of the server."""
    requests = []

    def ask(request):
        requests.append(request["by"])
        return propagate(request)

    view.open()
    view.page.expose_function("ask", ask)
    view.page.evaluate(SETUP)
    return requests


def test_walks_are_pythons(view, asked, run_folder):
    """The refined map of each round, rows and columns; the server is asked once for all of them."""
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    photo, (w, h) = grid_photo(trace.image()), trace.meta["grid"]
    for by, g in (("walk", colour_walk(photo)), ("pamr", Pamr(photo, GRID_DILATIONS, GRID_STEPS))):
        for t in (1, 2):
            alpha = trace.rounds[t].alpha_u
            refined = np.reshape(view.page.evaluate(LATER, [by, t]), alpha.shape)
            np.testing.assert_allclose(refined, g.propagate(torch.from_numpy(alpha)[None])[0].numpy(), atol=1e-3)
        for x, y in ((40, 30), (0, h - 1)):
            for what in ("row", "column"):
                got = np.reshape(view.page.evaluate(QUERY, [by, 1, what, y * w + x]), (h, w))
                np.testing.assert_allclose(got, getattr(g, what)(x, y)[0].numpy(), atol=1e-3)
    assert asked == ["walk", "pamr"]


def test_nothing_leaves_the_map_as_it_is(view, asked):
    same = "others.refinedBy(client, trace, 'none').then((seen) => seen.refined(2) === trace.unary(2))"
    assert view.page.evaluate(same)
    row = np.array(view.page.evaluate(QUERY, ["none", 2, "row", 77]))
    assert (row.argmax(), row.sum()) == (77, 1)
    assert not asked


def test_a_propagator_without_rows_says_why(view, asked):
    """One map a round, from the round's own unary map."""
    view.page.evaluate(
        """() => void (client.server.propagate = async ({ alpha }) => (
          { ok: true, kind: "map", alpha, why: "It has no rows: it is not linear." }))"""
    )
    why, same = view.page.evaluate(
        """others.refinedBy(client, trace, "crf").then((seen) => [
          seen.affinity(1).why, [1, 2, 3].every((t) => String(seen.refined(t)) === String(trace.unary(t)))])"""
    )
    assert why == "It has no rows: it is not linear."
    assert same


def test_what_goes_wrong_is_said_and_may_be_tried_again(view, asked):
    said = "others.refinedBy(client, trace, 'walk').then(() => 'there', (error) => error.message)"
    for broken, message in (
        ("async () => undefined", "does not answer"),
        ("async () => { throw new Error('gone') }", "does not answer"),
        ("async () => ({ ok: false, error: 'Got too much.' })", "Got too much."),
    ):
        view.page.evaluate(f"void (client.server.propagate = {broken})")
        assert message in view.page.evaluate(said)
    view.page.evaluate("void (client.server.propagate = window.ask)")
    assert view.page.evaluate(said) == "there"


def test_bytes_travel_as_they_are(view):
    """Also where the browser has no base64 of its own."""
    data = bytes(range(256)) * 300
    text = base64.b64encode(data).decode()
    code = """async (text) => {
      const { fromBase64, toBase64 } = await import(__iaff.base + __iaff.scripts + "/trace/base64.js");
      const first = toBase64(fromBase64(text)) === text;
      delete Uint8Array.fromBase64;
      delete Uint8Array.prototype.toBase64;
      return [first, toBase64(fromBase64(text)) === text];
    }"""
    view.open()
    assert view.page.evaluate(code, text) == [True, True]
