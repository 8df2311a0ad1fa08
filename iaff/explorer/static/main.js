// The explorer's page: its parts, what each needs of the others, and what happens when a photo is opened.
import { Actions } from "./page/actions.js";
import { ArithmeticView } from "./panel/arithmetic.js";
import { Announcer } from "./ui/announcer.js";
import { BROWSED, Browser } from "./page/browser.js";
import { Brush } from "./state/brush.js";
import { Client } from "./client/client.js";
import { CompareView } from "./panel/compare_view.js";
import { CopyLink } from "./page/copy_link.js";
import { Display } from "./page/display.js";
import { Exports } from "./export/export.js";
import { Gallery } from "./page/gallery.js";
import { Hiding } from "./state/hiding.js";
import { LayersView } from "./panel/layers_view.js";
import { LeaksView } from "./panel/leaks_view.js";
import { Lessons } from "./lessons/lessons.js";
import { MiningView } from "./panel/mining_view.js";
import { Opening } from "./page/opening.js";
import { Panel } from "./panel/panel.js";
import { Minimap } from "./picture/minimap.js";
import { Pen } from "./picture/pen.js";
import { Photos } from "./trace/photos.js";
import { Picture } from "./picture/picture.js";
import { Pointer } from "./picture/pointer.js";
import { Query } from "./panel/query.js";
import { Reading } from "./picture/reading.js";
import { Sources } from "./server/sources.js";
import { Stepper } from "./page/stepper.js";
import { TOY } from "./trace/toy.js";
import { TermTip } from "./ui/term.js";
import { Timings } from "./ui/timings.js";
import { Tools } from "./page/tools.js";
import { UserPhotos } from "./page/user_photos.js";
import { UserPhotosView } from "./page/user_photos_view.js";
import { Watch } from "./picture/watch.js";
import { WatchBar } from "./picture/watch_bar.js";
import { WhatIf } from "./panel/whatif.js";
import { WhatIfView } from "./panel/whatif_view.js";
import { buildPage } from "./page/page.js";
import { current, firstPicture, history, pictureIsThere, store } from "./shared.js";
import { embedded } from "./client/embedded.js";
import { keyList, listen, viewKeys } from "./page/keys.js";
import { mapOver } from "./state/over.js";
import { problem } from "./ui/problem.js";
import { testHook } from "./page/test_hook.js";
import { topLine } from "./page/top_line.js";
import { watchRun } from "./server/growing_run.js";

/** Builds the page of some runs in its node, and opens what the address names. */
export function mount(element, { runs, static: scripts = "", propagators = [] }, base, server, upload) {
  const root = element.querySelector(".iaff"),
    client = new Client({ base, server, upload }),
    timings = new Timings(),
    announcer = new Announcer(),
    say = (text) => announcer.say(text),
    refresh = () => display.refresh();

  root.replaceChildren();

  // --- what there is to see ----------------------------------------------------------------------------------------

  const userPhotos = new UserPhotos({
    client,
    shown: ({ id }) => id === store.state.img || id === current.name, // the last one stays until another is there
  });
  const photos = new Photos({
    store,
    current,
    client,
    runs,
    userPhotos,
    timings,
    onopen: open,
    onfail: (error) => instead(problem(error), "Nothing to show"),
    oncomputing: (photo) => takenIn.follow(photo),
  });
  const sources = new Sources({ store, current, client, runs, photos, timings, refresh });

  // --- the picture, and what is asked of it ------------------------------------------------------------------------

  const pointer = new Pointer({ store, current, asksFirst, guessing: () => lessons.guessing });
  const brush = new Brush({ store, current });
  const whatIf = new WhatIf({ store, current, brush, refresh });
  const picture = new Picture({
    store,
    current,
    pointer,
    whatIf,
    timings,
    pin: (at, add) => actions.pin(at, add),
    movePin: (at) => actions.movePin(at),
    guess: () => lessons.mark,
  });
  const watch = new Watch({ store, current, pointer, picture });
  const watchBar = new WatchBar({ store, current, picture, watch });
  const minimap = new Minimap({ store, current, picture });
  new Reading({ store, current, pointer, picture, say });
  const actions = new Actions({
    store,
    current,
    pointer,
    picture,
    photos,
    guess: (at) => lessons.guess(at),
    pinMoved: (from, to) => pen.moved(from, to),
  });
  const pen = new Pen({ store, pointer, whatIf, setPin: () => actions.nudge(0, 0), refresh, say });
  const display = new Display({ store, current, pointer, picture, sources });

  // --- the page around it ------------------------------------------------------------------------------------------

  const still = () => {
    watch.pause();
    stepper.stop();
  };
  const copyLink = new CopyLink({ store, history, isOfUser: (name) => Boolean(userPhotos.find(name)), say });
  const stepper = new Stepper({ store, current, actions });
  const gallery = new Gallery({
    store,
    current,
    photos,
    add: () => takenIn.choose(),
    forget: (photo) => takenIn.forget(photo),
    beside: (name) => actions.beside(name),
    browse: () => browser.open(),
  });
  const takenIn = new UserPhotosView({ root, store, current, userPhotos, photos, gallery, instead });
  const views = {
    layers: new LayersView({
      store,
      current,
      zoom: (steps) => actions.zoom(steps),
      copyLink: (change) => copyLink.copy(change),
    }),
    compare: new CompareView({
      store,
      current,
      runs,
      picture,
      blink: (on) => actions.blink(on),
      photos,
      propagators,
    }),
    leaks: new LeaksView({ store, current, pointer }),
    mining: new MiningView({ store, current, pointer, client }),
    whatif: new WhatIfView({ store, current, brush, whatIf, pen, say }),
  };
  const query = new Query({ store, current, pointer, picture });
  const arithmetic = new ArithmeticView({ store, current, pointer, picture, whatIf, closer: () => actions.closer() });
  const panel = new Panel({ store, current, pointer, picture, actions, query, arithmetic, views, tagging: takenIn });
  const tools = new Tools({ store, current });
  const lessons = new Lessons({
    store,
    history,
    client,
    current,
    pointer,
    picture,
    runs,
    photos,
    opened,
    onturn: still,
  });
  const opening = new Opening({
    root,
    store,
    current,
    pointer,
    picture,
    goStage: (stage) => actions.goStage(stage),
    openLessons: () => lessons.menu.open(),
    firstPicture,
  });
  const help = keyList(root, !embedded && (() => opening.open()));
  const top = topLine({
    store,
    current,
    runs,
    copyLink: copyLink.node,
    toggleOpening: () => opening.toggle(),
    openLessons: () => lessons.menu.open(),
    openExports: () => exports.open(),
    openKeys: () => help.toggle(),
  });
  buildPage(root, { store, top, stepper, gallery, picture, watchBar, tools, panel, lessons, opening });
  const hiding = new Hiding({ root, store, onshow: () => picture.over.focus({ preventScroll: true }) });
  root.append(hiding.node, hiding.leaving, announcer.node);
  new TermTip(root);
  const browser = new Browser({
    root,
    store,
    current,
    client,
    photos,
    pick: (id, thumb) => takenIn.pick(id, thumb),
  });
  const exports = new Exports({
    root,
    picture,
    client,
    opened,
    onopen: () => {
      still();
      pointer.hold(true);
    },
    onclose: () => pointer.hold(false),
  });
  const pressed = {
    ...viewKeys(store, actions),
    ArrowLeft: () => lessons.turn(-1, true) || actions.walk(-1),
    ArrowRight: () => lessons.turn(1, true) || actions.walk(1),
    Escape: () => takenIn.cancel() || pen.lift() || opening.close() || hiding.leave() || actions.unpin(),
    " ": () => stepper.toggle(),
    a: () => watch.toggle(),
    n: () => watch.step(1),
    N: () => watch.step(-1),
    e: () => pen.toggle(),
    z: () => whatIf.undo(),
    r: () => whatIf.reset(),
    f: () => hiding.toggle(),
    h: () => hiding.present(),
    g: () => browser.open(),
    u: () => takenIn.choose(),
    v: () => lessons.menu.open(),
    s: () => exports.open(),
    c: () => copyLink.copy(),
    "?": () => help.toggle(),
  };
  listen({ pressed, actions, help });

  // --- who hears of what -------------------------------------------------------------------------------------------

  pointer.moved.subscribe(() => {
    picture.hover();
    panel.hover();
    minimap.update();
    watchBar.update();
  });
  display.before.subscribe(() => {
    root.toggleAttribute("data-marks", Boolean(store.state.marks));
    hiding.update(); // the charts may have come meanwhile
    if (!whatIf.paints) pen.drop();
  });
  display.drawn.subscribe(() => {
    tools.update();
    stepper.update();
    panel.update();
    minimap.update();
    watchBar.update();
    opening.update();
  });
  display.seen.subscribe(() => {
    panel.view?.zoomed?.();
    arithmetic.hover();
    pointer.pointed.send();
    minimap.update();
  });
  display.later.subscribe(() => {
    panel.view ? panel.update() : panel.pin();
    opening.update();
  });
  current.changed.subscribe(() => {
    for (const part of [panel.node, panel.head, panel.legend]) part.hidden = !current.origin;
    stepper.node.hidden = !current.origin && !takenIn.computing; // which chooses what a photo opens with, too
  });

  function changed(keys) {
    const start = performance.now(),
      opens = keys.has("run") || keys.has("img");
    if (opens) photos.open({ run: keys.has("run") });
    if (BROWSED.some((key) => keys.has(key))) browser.follow();
    if (takenIn.computing) stepper.update();
    if (opens || !current.origin || [...keys].every((key) => BROWSED.includes(key))) return;
    if (keys.has("paint") || keys.has("gates")) whatIf.take();
    display.follow(keys);
    timings.add("change", performance.now() - start);
  }

  // --- a photo is opened -------------------------------------------------------------------------------------------

  function open(trace, entry) {
    const again = current.name === entry.name;
    pen.drop();
    if (trace !== current.origin) whatIf.open(trace, again);
    current.open(trace, entry.name, trace.title || entry.name);
    pointer.forget();
    watch.pause();
    sources.forget();
    store.show(trace);
    whatIf.take();
    const said = `${current.title}: the photo with the chosen layer. Shift and arrows pin a pixel.`;
    picture.over.setAttribute("aria-label", said);
    current.changed.send();
    display.open();
  }

  /** Something else in the picture's place. */
  function instead(node, title) {
    pen.drop();
    current.close(title);
    store.show(null);
    current.changed.send();
    picture.say(node);
    pointer.pointed.send();
  }

  /** Whether the main pane asks a question before anybody does: at a refined map only beside the panel that says so. */
  function asksFirst() {
    const { stage, hide } = store.state;
    return picture.main.asks() && !mapOver(store.state) && !(stage === "refined" && hide?.includes("panel"));
  }

  /** The photo that is open: its title, its run's name, its entry if it is the user's; null where there is none. */
  function opened() {
    if (!current.trace) return null;
    const run = current.name === TOY.name ? "" : (current.run?.name ?? "");
    return { title: current.title, run, own: userPhotos.find(store.state.img) ?? null };
  }

  const restored = embedded ? Promise.resolve() : Promise.all([userPhotos.restore(), lessons.restore()]);
  const first = restored.then(() => {
    store.subscribe(changed);
    return photos.open({ run: true });
  });
  first.then(() => browser.follow());
  first.then(() => userPhotos.resume());
  if (!embedded) watchRun({ store, current, photos, client });

  const hook = testHook({
    ...{ store, history, current, client, base, scripts, timings, photos, userPhotos, takenIn, pointer, picture },
    ...{ watch, stepper, panel, lessons, opening, gallery, browser, exports, display, whatIf, brush, pen, pressed },
  });
  Object.assign(window, { __iaff: hook });
  Object.assign(root, { __iaff: hook });
  first.then(() =>
    requestAnimationFrame(() => {
      hook.shown = true;
      root.dataset.ready = "1";
      performance.mark("iaff-first-picture");
      pictureIsThere();
      if (!embedded) client.warmUp(current.run?.name ?? runs[0].name);
    }),
  );
}
