// The one door to Python: what goes wrong behind it is one sentence, whatever was asked.
import assert from "node:assert/strict";
import test from "node:test";
import { Client, ServerError } from "../../iaff/explorer/static/client/client.js";

const DOWN = "The explorer does not answer. Start it again (iaff), then try once more.";
const ALONE = "This needs the full explorer; this file holds one photo alone.";

/** By question: how it ends where every function of Python is this one. */
async function ends(answer) {
  const server = new Proxy({}, { get: () => answer }),
    client = new Client({ server, upload: async () => ({ path: "/x.jpg" }) }),
    file = new Blob(["x"]),
    asked = { run: "animals", name: "x.jpg", tags: null },
    found = {};
  for (const [name, given] of Object.entries({
    figures: ["animals"],
    mining: ["animals"],
    browse: [{ run: "animals" }],
    thumb: ["animals", "1"],
    openPhoto: ["animals", "1", null],
    submit: [file, asked],
    progress: ["job"],
    take: ["job"],
    propagate: [{}],
    lessons: [],
    shell: [],
  }))
    found[name] = await client[name](...given).then(
      () => "answered",
      (error) => (error instanceof ServerError ? error.message : `not a ServerError: ${error}`),
    );
  client.cancel("job"); // nobody waits for the answers to these
  client.warmUp("animals");
  return found;
}

test("each question ends with one sentence", async () => {
  const endings = [
    [async () => undefined, DOWN],
    [() => Promise.reject(new TypeError("Failed to fetch")), DOWN],
    [
      () => {
        throw new TypeError("closed");
      },
      DOWN,
    ],
    [async () => ({ ok: false, error: "Got too much." }), "Got too much."],
    [undefined, ALONE],
    [async () => ({ ok: true }), "answered"],
  ];
  const all = await Promise.all(endings.map(([answer]) => ends(answer))); // side by side: some wait before they give up
  all.forEach((found, i) => {
    assert.equal(Object.keys(found).length, 11);
    assert.deepEqual(new Set(Object.values(found)), new Set([endings[i][1]]), String(endings[i][0]));
  });
});

// Of a job, whose photo is already there; others ask once.
test("a question is asked again while nothing comes back", async () => {
  const told = [];
  async function progress() {
    told.push("progress");
    return told.length < 3 ? undefined : { ok: true, state: "done" };
  }
  const client = new Client({ server: { progress, figures: async () => void told.push("figures") } }),
    { state } = await client.progress("job");
  await client.figures("animals").catch(() => {});
  assert.equal(state, "done");
  assert.deepEqual(told, ["progress", "progress", "progress", "figures"]);
});
