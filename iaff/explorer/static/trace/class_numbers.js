// One number for each class name, so that "cat" has one colour, and counts as one class, in traces that number it
// differently: those of the run keep their numbers, others take them over.

const VOID = 255;

/** The lowest number that is not among these; VOID where there is none. */
const free = (taken) => Array.from({ length: VOID }, (_, id) => id).find((id) => !taken.has(id)) ?? VOID;

export class ClassNumbers {
  /** names: the run's classes, in the order of their numbers. */
  constructor(names) {
    this.byName = new Map(names.map((name, id) => [name, id]));
    this.taken = new Set(this.byName.values());
  }

  /**
   * Numbers a trace's classes: by name where the name is known, else as the trace has it, if that is free. What the
   * trace does not name (in its truth) keeps clear of them. A file's own bytes stay as they are. Returns the trace.
   */
  apply(trace) {
    const { class_ids: ids, classes } = trace.meta;
    if (ids[0] !== 0 || new Set(classes).size < classes.length) return trace; // no background, or not to be told apart
    const wanted = ids.map((id, k) => (k ? this.#number(classes[k], id) : 0));
    if (wanted.includes(VOID) || new Set(wanted).size < wanted.length) return trace;
    if (wanted.every((id, k) => id === ids[k])) return trace;
    const numbers = permutation(ids, wanted),
      renumbered = (map) => map?.map((id) => numbers[id]) ?? null;
    trace.meta.class_ids = wanted;
    trace.fileNumbers = numbers.map((_, id) => numbers.indexOf(id));
    for (const name of ["seeds", "truth"]) trace[name] = renumbered(trace[name]);
    trace.confident = trace.confident.map(renumbered);
    return trace;
  }

  #number(name, own) {
    if (!this.byName.has(name)) {
      const id = this.taken.has(own) ? free(this.taken) : own;
      if (id === VOID) return VOID;
      this.byName.set(name, id);
      this.taken.add(id);
    }
    return this.byName.get(name);
  }
}

/** What each number becomes, Uint8Array (256), when ids[k] become wanted[k]: no two become the same. */
function permutation(ids, wanted) {
  const numbers = new Uint8Array(VOID + 1).fill(VOID),
    taken = new Set(wanted);
  ids.forEach((id, k) => (numbers[id] = wanted[k]));
  for (let id = 0; id < VOID; id++) {
    if (ids.includes(id)) continue;
    numbers[id] = taken.has(id) ? free(taken) : id;
    taken.add(numbers[id]);
  }
  return numbers;
}
