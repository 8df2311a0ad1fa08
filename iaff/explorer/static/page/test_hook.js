// What tests ask the page, as `window.__iaff`. Nothing of the page itself reads it.

/** The given parts, and in short what is shown now. */
export function testHook(parts) {
  const { store, current, pointer, photos } = parts;
  return Object.defineProperties(
    parts,
    Object.getOwnPropertyDescriptors({
      shown: false, // true from the first picture on
      state: store.state,
      get run() {
        return current.run;
      },
      get trace() {
        return current.trace;
      },
      get origin() {
        return current.origin;
      },
      get edits() {
        return current.edits;
      },
      get cursor() {
        return pointer.cursor;
      },
      get region() {
        return pointer.region;
      },
      get ready() {
        return photos.ready;
      },
    }),
  );
}
