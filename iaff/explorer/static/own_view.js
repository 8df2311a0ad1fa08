// Own photos in the view: taken in, followed in the picture's place while they are computed, forgotten.
import { Own } from "./own.js";
import { intake } from "./intake.js";
import { card } from "./card.js";

const NO_WEIGHTS = "This run has no weights: own photos need them. Train it with weights kept, or choose another run.";

export class OwnView {
  constructor(app, root, server, upload) {
    this.app = app;
    this.photos = new Own(server, upload, {
      changed: (photo) => this.#changed(photo),
      ended: (photo) => this.#ended(photo),
    });
    this.intake = intake(root, (files) => this.take(files), () => this.refusal());
  }

  /** Why no photo can be taken in, or null. */
  refusal() {
    return this.app.run?.explains ? null : NO_WEIGHTS;
  }

  /** Files that were chosen, dropped or pasted: the first is shown, all are computed. */
  take(files) {
    if (this.refusal()) return;
    const first = this.photos.add([...files], this.app.run.name);
    this.app.list();
    this.app.store.set({ img: first.id });
  }

  choose() {
    if (!this.refusal()) this.intake.choose();
  }

  /** The own photo that is shown, or null. */
  shown() {
    return this.photos.find(this.app.state.img) ?? null;
  }

  /** Compute the shown photo with other tags; stage, round and pin stay. */
  compute(tags) {
    this.photos.compute(this.shown(), tags);
  }

  forget(photo) {
    this.photos.forget(photo);
    this.app.list();
    if (this.app.state.img === photo.id) this.#leave();
  }

  /** Whether there was something to cancel. */
  cancel() {
    const photo = this.shown();
    if (!photo?.busy) return false;
    this.photos.cancel(photo);
    return true;
  }

  /** Something else than a photo that is gone. */
  #leave() {
    const { app } = this;
    if (app.index.length) app.store.set({ img: app.index[0].name });
    else app.ready = app.openRun();
  }

  /** The card in the picture's place. */
  follow(photo) {
    this.card = card(photo, {
      cancel: () => this.cancel(),
      choose: () => this.choose(),
      back: () => this.photos.settle(photo),
      forget: () => this.forget(photo),
    });
    this.card.photo = photo;
    this.app.instead(this.card.node, photo.name);
  }

  #changed(photo) {
    this.app.gallery.progress(photo);
    if (this.app.state.img !== photo.id) return;
    const here = this.card?.photo === photo && this.card.node.isConnected;
    here ? this.card.update() : this.follow(photo);
  }

  #ended(photo) {
    const { app } = this;
    app.list();
    if (app.state.img !== photo.id) return;
    if (photo.state === "cancelled") this.#leave();
    else app.ready = app.openPhoto();
  }
}
