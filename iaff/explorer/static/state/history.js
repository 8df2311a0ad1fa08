// The view in the browser's address and history.
import { KEYS, VIEW, allowedValue, fromQuery, toQuery, tooLong } from "./state.js";
import { ADAPTED, CHOICE, RESTORED } from "./store.js";

const WAIT_MS = 120; // browsers limit how often the address may change
const MOMENT_MS = 500; // places that follow each other as quickly are one entry

/** What the address says, with what was too long for it, which the history's entry holds. */
export function addressed() {
  const state = fromQuery(location.search);
  for (const [key, value] of Object.entries(history.state?.iaff ?? {}))
    if (VIEW[key]?.addressed) state[key] = allowedValue(key, String(value)) ?? state[key];
  return state;
}

/** The address that shows a view here. */
export const addressOf = (view) => location.pathname + toQuery(view, location.search) + location.hash;

export class History {
  /** store: whose view it keeps; going back or forward shows the whole view as it was there. */
  constructor(store) {
    this.store = store;
    this.waiting = null; // {view, entry}: what the address shall say, and whether as an entry of its own
    this.placed = -Infinity; // when the last place was chosen, ms
    store.subscribe((changed, why) => this.#heard(changed, why));
    addEventListener("popstate", () => {
      this.placed = -Infinity;
      store.set(addressed(), RESTORED);
    });
  }

  /** A new place is a new entry; what changed before it still belongs to the last one. */
  #heard(changed, why) {
    clearTimeout(this.timer);
    if (why === RESTORED) return void (this.waiting = null); // the address says it already
    const entry = why === CHOICE && this.#moves(changed);
    if (entry && this.waiting && !this.waiting.entry) this.write();
    this.waiting = { view: { ...this.store.state }, entry: entry || Boolean(this.waiting?.entry) };
    this.timer = setTimeout(() => this.write(), WAIT_MS);
  }

  /** Whether the view is at another place, which no other place has just led to. */
  #moves(changed) {
    if (![...changed].some((key) => VIEW[key].place)) return false;
    const now = performance.now(),
      fresh = now - this.placed > MOMENT_MS;
    this.placed = now;
    return fresh;
  }

  /** Puts the view into the address, at once. */
  write() {
    clearTimeout(this.timer);
    const { view, entry } = this.waiting ?? {};
    this.waiting = null;
    if (!view) return;
    const long = KEYS.filter((key) => tooLong(view, key)),
      { iaff: _, ...others } = history.state ?? {},
      kept = { ...others, ...(long.length && { iaff: Object.fromEntries(long.map((key) => [key, view[key]])) }) },
      there = location.pathname + location.search + location.hash;
    try {
      if (entry && addressOf(view) !== there) history.pushState(kept, "", addressOf(view));
      else history.replaceState(kept, "", addressOf(view));
    } catch {
      // A file has no address that may change, and a browser may have had enough: the view goes on without.
    }
  }

  /** Changes the place where the view is: the entry that is there takes it up, at once. */
  amend(change) {
    this.store.set(change, ADAPTED);
    this.write();
  }
}
