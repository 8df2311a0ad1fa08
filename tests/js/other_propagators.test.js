// Other propagators in place of a trace's own affinity, against Python's on the same photo; and what goes wrong.
// The server is made up, so that it can be counted and broken; it answers what Python's own function answers.
import "./browser.js";
import assert from "node:assert/strict";
import { Client } from "../../iaff/explorer/static/client/client.js";
import { refinedBy } from "../../iaff/explorer/static/server/other_propagators.js";
import { assertNear, assertSame, openTrace, sum, testAgainstPython, until } from "./oracles.js";

/** {client, asked}: which propagators were asked for, in order. */
function made({ walks }) {
  const asked = [];
  async function propagate(request) {
    const known = walks.find(({ by }) => by === request.by);
    assert.deepEqual(request, known.request);
    asked.push(request.by);
    return known.answer;
  }
  return { client: new Client({ server: { propagate } }), asked };
}

async function answer(trace, t, what, p) {
  const g = trace.affinity(t),
    out = new Float32Array(trace.n);
  await until(() => {
    g[what](p, out);
    return !g.steps || g.at === g.steps;
  });
  return out;
}

// The refined map of each round, rows and columns; the server is asked once for all of them.
testAgainstPython("walks are Python's", "other_propagators", async (context, oracle) => {
  const trace = await openTrace(context, oracle.trace),
    { client, asked } = made(oracle);
  for (const { by, refined, asked: questions } of oracle.walks) {
    for (const { t, expected } of refined) {
      const seen = await refinedBy(client, trace, by),
        ended = new Promise((wake) => (seen.onlater = () => seen.refined(t) && wake()));
      if (!seen.refined(t)) await ended;
      assertNear(seen.refined(t), expected, 1e-3, `${by}, refined in round ${t}`);
    }
    for (const { what, p, expected } of questions)
      assertNear(await answer(await refinedBy(client, trace, by), 1, what, p), expected, 1e-3, `${by}, ${what} ${p}`);
  }
  assert.deepEqual(asked, ["walk", "pamr"]);
});

testAgainstPython("nothing leaves the map as it is", "other_propagators", async (context, oracle) => {
  const trace = await openTrace(context, oracle.trace),
    { client, asked } = made(oracle),
    seen = await refinedBy(client, trace, "none"),
    row = await answer(seen, 2, "row", 77);
  assert.equal(seen.refined(2), trace.unary(2));
  assert.equal(row[77], 1);
  assert.equal(sum(row), 1);
  assert.deepEqual(asked, []);
});

// One map a round, from the round's own unary map.
testAgainstPython("a propagator without rows says why", "other_propagators", async (context, oracle) => {
  const trace = await openTrace(context, oracle.trace),
    why = "It has no rows: it is not linear.",
    propagate = async ({ alpha }) => ({ ok: true, kind: "map", alpha, why }),
    seen = await refinedBy(new Client({ server: { propagate } }), trace, "crf");
  assert.equal(seen.affinity(1).why, why);
  for (const t of [1, 2, 3]) assertSame(seen.refined(t), trace.unary(t), `round ${t}`);
});

testAgainstPython("what goes wrong is said and may be tried again", "other_propagators", async (context, oracle) => {
  const trace = await openTrace(context, oracle.trace),
    { client } = made(oracle),
    works = client.server.propagate;
  for (const [broken, said] of [
    [async () => undefined, /does not answer/],
    [
      async () => {
        throw new Error("gone");
      },
      /does not answer/,
    ],
    [async () => ({ ok: false, error: "Got too much." }), /Got too much\./],
  ]) {
    client.server.propagate = broken;
    await assert.rejects(refinedBy(client, trace, "walk"), said);
  }
  client.server.propagate = works;
  await refinedBy(client, trace, "walk");
});
