// A run that is still training: asked about every few seconds while somebody looks, so that its rounds appear as they
// end.

const EVERY_MS = 5000,
  AWAY_MS = 30000, // while there is no answer
  OPENING_MS = 20; // until the page has a run at all

/** Watches the run that is open: `photos` is told when it has another round, or new traces. */
export function watchRun({ store, current, photos, client }) {
  const known = new Map(); // of each run: rounds and traces, as they were last heard of
  let timer = 0;

  const later = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(look, ms);
  };

  async function look() {
    const { run } = current;
    if (!run) return later(OPENING_MS);
    if (document.hidden) return; // becoming visible looks again
    const answer = await client.figures(run.name).catch(() => null);
    await photos.ready.catch(() => {}); // by now the page has what was there when it asked
    if (current.run !== run) return later(0);
    if (!answer) return later(AWAY_MS);
    learn(answer);
    if (answer.figures.rounds.length < answer.rounds) later(EVERY_MS);
  }

  function learn({ figures, stamp, explains, browses }) {
    const { run } = current,
      now = `${figures.rounds.length} ${stamp}`,
      before = known.get(run);
    known.set(run, now);
    if (run.explains !== explains || run.browses !== browses) {
      Object.assign(run, { explains, browses });
      photos.listed.send();
    }
    const late = before === undefined && stamp && !photos.shipped.length; // the first traces came while the page opened
    if (late || (before !== undefined && before !== now)) photos.grown();
  }

  document.addEventListener("visibilitychange", () => !document.hidden && later(0));
  store.subscribe((changed) => changed.has("run") && later(0));
  later(0);
}
