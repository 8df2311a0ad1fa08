// Own photos that outlive a reload: kept in this browser alone (IndexedDB). Where that is not to be had, they live as
// long as the page, and nothing is said about it.

const NAME = "iaff",
  TABLE = "photos";

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function within(mode, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const asked = work(database.transaction(TABLE, mode).objectStore(TABLE));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    }).finally(() => database.close());
  } catch {
    return undefined;
  }
}

/** All kept photos: [{id, name, run, file?, pick?, given?, trace (ArrayBuffer), thumb}], oldest first; see own.js. */
export async function kept() {
  const all = (await within("readonly", (table) => table.getAll())) ?? [];
  return all.sort((a, b) => a.kept - b.kept);
}

export const keep = (photo) => within("readwrite", (table) => table.put({ ...photo, kept: Date.now() }));
export const forget = (id) => within("readwrite", (table) => table.delete(id));
