// What the page shows, as data: exports are made of this alone, and leave the page as it is.
import { slug } from "./export_words.js";

/**
 * The picture's Shared (draw/scene.js), which stays as it is, and
 *
 * @typedef {any} Snapshot
 * - {{columns, width, height, gap}} layout of the panes, CSS px
 * - {string} title of the photo
 * - {string} name of the photo, as a part of a file's
 * - {string} run that the trace is of, or "": a trace that was dropped is not the open run's
 * - {boolean} isOfOpenRun whether that is the run that is open
 */

/**
 * @param {any} still see Picture.still
 * @param {any} photo what is open: {title, run (its name), own (see page/own.js; null for a photo of the run)}
 * @returns {Snapshot}
 */
export function snapshot(still, { title, run: openRun, own }) {
  const { meta } = still.origin,
    run = own?.given ? (meta.run?.name ?? "") : openRun;
  return { ...still, title, run, isOfOpenRun: Boolean(run) && run === openRun, name: slug(own?.name ?? meta.name) };
}
