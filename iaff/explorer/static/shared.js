// What both parts of the page share: the view, and its place in the browser's history.
import { embedded } from "./client/embedded.js";
import { History, addressed } from "./state/history.js";
import { fromQuery } from "./state/state.js";
import { Store } from "./state/store.js";

export const store = new Store(embedded ? fromQuery(embedded.query) : addressed());
export const history = embedded ? null : new History(store); // a file's own address says nothing of the view
