// The user's photos, photos of the data set and trace files in the view: taken in, followed in the picture's place
// while they are computed, forgotten.
import { isTrace } from "./user_photo.js";
import { intake } from "./intake.js";
import { card } from "../ui/card.js";
import { embedded } from "../client/embedded.js";

export const NO_WEIGHTS =
  "This run has no weights: own photos need them, traces do not. Train it with weights kept, or choose another run.";

const ONE_PHOTO = "This file holds one photo alone. Photos and traces open in the full explorer.";

export class UserPhotosView {
  /**
   * @param {object} parts
   * @param {Element} parts.root the page's node
   * @param {import("../state/store.js").Store} parts.store
   * @param {import("../trace/current_photo.js").CurrentPhoto} parts.current the photo that is shown
   * @param {import("./user_photos.js").UserPhotos} parts.userPhotos
   * @param {import("../trace/photos.js").Photos} parts.photos all to choose from
   * @param {import("./gallery.js").Gallery} parts.gallery says how far one is
   * @param {(node: Element, title: string) => void} parts.instead something else in the picture's place
   */
  constructor({ root, store, current, userPhotos, photos, gallery, instead }) {
    this.store = store;
    this.current = current;
    this.userPhotos = userPhotos;
    this.photos = photos;
    this.gallery = gallery;
    this.instead = instead;
    userPhotos.changed.subscribe((photo) => this.#changed(photo));
    userPhotos.ended.subscribe((photo) => this.#ended(photo));
    this.intake = intake(
      root,
      (files) => this.take(files),
      (files) => this.refusal(files),
    );
  }

  /** Why none of these files can be taken in, or null. Of files that are still dragged only the type is known. */
  refusal(files) {
    if (embedded) return ONE_PHOTO;
    const fits = ({ name, type }) => (name === undefined ? !type.startsWith("image/") : isTrace({ name }));
    return this.current.run?.explains || files.some(fits) ? null : NO_WEIGHTS;
  }

  /** Files that were chosen, dropped or pasted: the first is shown, all are computed or, if traces, opened. */
  take(files) {
    const { run } = this.current,
      good = run.explains ? files : files.filter(isTrace);
    this.#show(this.userPhotos.add(good, run.name));
    if (good.length < files.length) this.intake.say(NO_WEIGHTS);
  }

  /** A photo of the run's data set; `thumb` is what to show of it until its trace is there. */
  pick(id, thumb) {
    this.#show(this.userPhotos.pick(id, this.current.run.name, thumb));
  }

  #show(photo) {
    this.photos.list();
    this.store.set({ img: photo.id });
  }

  choose() {
    this.intake.choose();
  }

  /** The photo that is shown and that was computed here, so that it can be again; or null. */
  shown() {
    const photo = this.userPhotos.find(this.store.state.img);
    return photo && !photo.given ? photo : null;
  }

  /** Whether the photo that is chosen is still on its way. */
  get computing() {
    return Boolean(this.userPhotos.find(this.store.state.img)?.busy);
  }

  /** Compute the shown photo with other tags; stage, round and pin stay. */
  compute(tags) {
    this.userPhotos.compute(this.shown(), tags);
  }

  forget(photo) {
    this.userPhotos.forget(photo);
    this.photos.list();
    if (this.store.state.img === photo.id) this.#leave();
  }

  /** Whether there was something to cancel. */
  cancel() {
    const photo = this.userPhotos.find(this.store.state.img);
    if (!photo?.busy) return false;
    this.userPhotos.cancel(photo);
    return true;
  }

  /** Something else than a photo that is gone. */
  #leave() {
    const { photos } = this;
    if (photos.index.length) this.store.set({ img: photos.index[0].name });
    else photos.open({ run: true });
  }

  /** The card in the picture's place. */
  follow(photo) {
    this.card = card(photo, {
      cancel: () => this.cancel(),
      retry: () => this.userPhotos.retry(photo),
      choose: () => this.choose(),
      back: () => this.userPhotos.settle(photo),
      forget: () => this.forget(photo),
    });
    this.card.photo = photo;
    this.instead(this.card.node, photo.name);
  }

  #changed(photo) {
    this.gallery.progress(photo);
    if (this.store.state.img !== photo.id) return;
    const here = this.card?.photo === photo && this.card.node.isConnected;
    here ? this.card.update() : this.follow(photo);
  }

  #ended(photo) {
    this.photos.list();
    if (this.store.state.img !== photo.id) return;
    if (photo.state === "cancelled") this.#leave();
    else this.photos.open();
  }
}
