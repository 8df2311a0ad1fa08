// What the two parts of the page, explorer and charts, share.
import { embedded } from "./client/embedded.js";
import { History, addressed } from "./state/history.js";
import { fromQuery } from "./state/state.js";
import { Store } from "./state/store.js";
import { CurrentPhoto } from "./trace/current_photo.js";

export const store = new Store(embedded ? fromQuery(embedded.query) : addressed());
export const history = embedded ? null : new History(store); // a file's own address says nothing of the view
export const current = new CurrentPhoto();

let isThere;
export const firstPicture = new Promise((resolve) => (isThere = resolve)); // charts must never delay it
export const pictureIsThere = () => isThere();
