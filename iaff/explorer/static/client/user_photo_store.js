// The user's photos that outlive a reload: kept in this browser alone (IndexedDB). Where that is not to be had, they
// live as long as the page, and nothing is said about it.

const NAME = "iaff",
  TABLE = "photos",
  VERSION = 2; // 1 held traces as buffers, which came whole with every listing, and photos of the data set too

/** Whether a photo of that name was taken in, or computed, by a browser. */
export const isUserPhoto = (id) => /^own-\w{1,6}$/.test(id ?? "");

export const newId = () => `own-${Math.random().toString(36).slice(2, 8)}`;

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) asked.result.createObjectStore(TABLE, { keyPath: "id" });
      else migrate(asked.transaction.objectStore(TABLE));
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** One photo after the other, so that not all traces are in memory at once. */
function migrate(table) {
  table.openCursor().onsuccess = ({ target: { result: cursor } }) => {
    if (!cursor) return;
    const { trace, ...photo } = cursor.value;
    photo.pick ? cursor.delete() : cursor.update({ ...photo, trace: new Blob([trace]) });
    cursor.continue();
  };
}

/** The result of one request, when all of its transaction is done: a page that goes before then takes it back. */
async function within(mode, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode),
        asked = work(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    }).finally(() => database.close());
  } catch {
    return undefined;
  }
}

/**
 * All kept photos, oldest first: [{id, name, run, kept, state, file?, pick?, given?, tags?, job?, error?, trace? (Blob),
 * thumb?}], see page/user_photos.js; those of older explorers have no state, and are done. A Blob's bytes are read when
 * somebody asks it for them.
 */
export async function kept() {
  const all = (await within("readonly", (table) => table.getAll())) ?? [];
  return all.sort((a, b) => a.kept - b.kept);
}

/** Keeps a photo; resolves to its id when it would outlive a reload, to undefined where nothing can be kept. */
export const keep = (photo) => within("readwrite", (table) => table.put(photo));
export const forget = (id) => within("readwrite", (table) => table.delete(id));

/** Promise of one kept photo; undefined where there is none. */
export const find = (id) => within("readonly", (table) => table.get(id));
