// The user's photos, photos of the data set and trace files in the view: taken in, followed in the picture's place
// while they are computed, forgotten.
import { UserPhotos, isTrace } from "./user_photos.js";
import { intake } from "./intake.js";
import { card } from "../ui/card.js";
import { embedded } from "../client/embedded.js";

export const NO_WEIGHTS =
  "This run has no weights: own photos need them, traces do not. Train it with weights kept, or choose another run.";

const ONE_PHOTO = "This file holds one photo alone. Photos and traces open in the full explorer.";

export class UserPhotosView {
  constructor(app, root, client) {
    this.app = app;
    this.photos = new UserPhotos(client, {
      changed: (photo) => this.#changed(photo),
      ended: (photo) => this.#ended(photo),
      shown: ({ id }) => id === app.state.img || id === app.lastPhoto, // the last one stays until another is there
    });
    this.intake = intake(root, (files) => this.take(files), (files) => this.refusal(files));
  }

  /** Why none of these files can be taken in, or null. Of files that are still dragged only the type is known. */
  refusal(files) {
    if (embedded) return ONE_PHOTO;
    const fits = ({ name, type }) => (name === undefined ? !type.startsWith("image/") : isTrace({ name }));
    return this.app.run?.explains || files.some(fits) ? null : NO_WEIGHTS;
  }

  /** Files that were chosen, dropped or pasted: the first is shown, all are computed or, if traces, opened. */
  take(files) {
    const { run } = this.app,
      good = run.explains ? files : files.filter(isTrace);
    this.#show(this.photos.add(good, run.name));
    if (good.length < files.length) this.intake.say(NO_WEIGHTS);
  }

  /** A photo of the run's data set; `thumb` is what to show of it until its trace is there. */
  pick(id, thumb) {
    this.#show(this.photos.pick(id, this.app.run.name, thumb));
  }

  #show(photo) {
    this.app.list();
    this.app.store.set({ img: photo.id });
  }

  choose() {
    this.intake.choose();
  }

  /** The photo that is shown and that was computed here, so that it can be again; or null. */
  shown() {
    const photo = this.photos.find(this.app.state.img);
    return photo && !photo.given ? photo : null;
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
    const photo = this.photos.find(this.app.state.img);
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
