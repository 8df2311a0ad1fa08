"""The browser's side of own photos against a server that is made up: order, failures, what is kept, what is said."""

import base64
import json

import numpy as np
import pytest

STUB = """async ([trace, plan]) => {
  const app = window.__iaff, told = (window.told = []);
  const ask = (name, answer) => async (request) => {
    told.push([name, request]);
    return answer(request);
  };
  let n = 0;
  Object.assign(app.client.server, {
    submit: ask("submit", ({ name }) => plan.submit?.shift() ?? { ok: true, job: `${name}#${++n}` }),
    progress: ask("progress", () => plan.progress.length > 1 ? plan.progress.shift() : plan.progress[0]),
    take: ask("take", () => ({ ok: true, trace: trace })),
    cancel: ask("cancel", () => ({ ok: true })),
  });
  app.client.upload = async (file) => {
    await file.slice(0, 1).arrayBuffer(); // a copy that is really there
    told.push(["upload", file.name]);
    if (plan.upload?.length) throw new Error(plan.upload.shift());
    return { path: "/" + file.name };
  };
  if (!app.run) return;
  // A run without weights explains nothing, and the page's first question about it may still be on its way.
  Object.defineProperty(app.run, "explains", { get: () => true, set: () => {} });
  app.photos.listed.send();
}"""
WAITING = {"ok": True, "state": "waiting", "ahead": 2, "stage": "Waiting", "share": 0}
RUNNING = {"ok": True, "state": "running", "ahead": 0, "stage": "Round 1 of 3: unary map", "share": 0.4}
DONE = {"ok": True, "state": "done", "ahead": 0, "stage": "", "share": 1}
LOST = {"ok": False, "error": "This photo is not known here (any more). Send it again."}


@pytest.fixture
def stub(view, run_folder):
    """``stub(query, progress=[...])`` opens the page and answers as planned; the last answer is repeated."""
    trace = base64.b64encode((run_folder / "traces" / "astronaut.safetensors").read_bytes()).decode()

    def begin(query="", **plan):
        view.open(query)
        view.page.evaluate(STUB, [trace, {"progress": [DONE], **plan}])
        return view

    def at_once(**plan):
        """The pages that are loaded from now on are answered as planned from their first moment on."""
        call = f"({STUB})({json.dumps([trace, {'progress': [DONE], **plan}])})"
        hook = f"{{ get: () => hook, set(made) {{ hook = made; {call}; }} }}"
        view.page.add_init_script(f"let hook; Object.defineProperty(window, '__iaff', {hook})")

    begin.at_once = at_once
    return begin


def give(view, *names: str) -> None:
    photos = [{"name": name, "mimeType": "image/jpeg", "buffer": b"no picture"} for name in names]
    view.page.set_input_files("input[type=file]", photos)


def calls(view, name: str) -> list:
    return view.page.evaluate("(name) => window.told.filter(([what]) => what === name).map(([, r]) => r)", name)


def opened(view) -> None:
    view.wait("__iaff.trace && __iaff.takenIn.shown() && __iaff.trace.meta.name === 'astronaut'")


def test_progress_and_the_way_back_to_the_stage(stub):
    view = stub("?stage=unary&round=2", progress=[WAITING, RUNNING])
    give(view, "me.jpg")
    view.wait("document.querySelector('.photo-card .note').textContent === '2 photos before yours'")
    view.wait("document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') === '40'")
    assert view.text(".stage-now") == "Round 1 of 3: unary map …"
    view.page.click(".stage[data-stage=refined]")  # what it opens with may be chosen meanwhile
    view.wait("document.querySelector('.stage[data-stage=refined]').getAttribute('aria-current') === 'step'")
    view.key("4")
    view.page.click(".thumb[data-img=chelsea]")
    view.wait("__iaff.trace?.meta.name === 'chelsea'")
    assert view.text(".mine .badge") == "40 %"
    view.page.focus(".mine .thumb")
    view.key("Enter")
    assert view.page.locator("[role=progressbar]").is_visible()
    view.page.evaluate("(done) => (__iaff.client.server.progress = async () => done)", DONE)
    opened(view)
    assert (view.state("stage"), view.state("round")) == ("unary", 2)
    assert view.page.locator(".strip-head").all_inner_texts() == ["yours", "the run's"]
    assert view.page.locator(".gallery .thumb").nth(1).get_attribute("aria-pressed") == "true"
    assert view.page.evaluate("document.activeElement.dataset.img") == view.state("img"), "the focus stays"


def test_several_photos_are_sent_in_their_order_and_cancelled_where_nothing_is_kept(stub):
    """A page that goes gives up what it could not go on with."""
    view = stub(progress=[RUNNING])
    view.page.evaluate("void (IDBObjectStore.prototype.put = () => { throw new Error('no room') })")
    give(view, "b.jpg", "a.jpg", "c.jpg")
    view.wait("window.told.filter(([what]) => what === 'submit').length === 3")
    assert [request["name"] for request in calls(view, "submit")] == ["b.jpg", "a.jpg", "c.jpg"]
    assert calls(view, "submit")[0] == {"run": "synthetic", "path": "/b.jpg", "name": "b.jpg", "tags": None}
    view.wait("__iaff.userPhotos.photos.every(({ job }) => job)")
    view.key("Escape")
    view.wait("__iaff.userPhotos.photos.length === 2")
    assert calls(view, "cancel") == [{"job": "b.jpg#1"}]
    view.page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    assert calls(view, "cancel")[1:] == [{"job": "a.jpg#2"}, {"job": "c.jpg#3"}]


def test_other_tags_keep_stage_round_and_pin(stub):
    view = stub()
    give(view, "me.jpg")
    opened(view)
    view.page.evaluate("__iaff.store.set({ stage: 'photo', round: 2, x: 40, y: 50 })")
    boxes = view.page.locator(".choice[role=checkbox]")
    assert boxes.count() == 6
    checked = view.page.locator(".choice[aria-checked=true]").all_inner_texts()
    assert {text.split()[0] for text in checked} == {"dog", "horse"}
    view.page.click(".choice:has-text('bird')")
    view.page.click(".choice:has-text('dog')")
    view.page.click("button:has-text('Compute with these tags')")
    view.wait("window.told.filter(([what]) => what === 'take').length === 2")
    assert sorted(calls(view, "submit")[1]["tags"]) == ["bird", "horse"]
    opened(view)
    assert [view.state(k) for k in ("stage", "round", "x", "y")] == ["photo", 2, 40, 50]
    view.key("8")
    assert view.text(".claim").startswith("You said: ")
    view.page.click(".claim button:has-text('None of these')")
    view.wait("window.told.filter(([what]) => what === 'submit').length === 3")
    assert calls(view, "submit")[2]["tags"] == []


def test_a_failure_leaves_the_finished_photo(stub):
    """It may be tried again, with the tags that were asked for."""
    view = stub()
    give(view, "me.jpg")
    opened(view)
    view.key("1")
    failed = {**RUNNING, "state": "failed", "error": "The disk is full."}
    view.page.evaluate("(failed) => (__iaff.client.server.progress = async () => failed)", failed)
    view.page.click(".choice:has-text('bird')")
    view.page.click(".tag-editor .primary")
    view.page.wait_for_selector(".photo-card .failed:visible")
    assert view.text(".photo-card .error") == "The disk is full."
    assert view.page.locator("button:has-text('Choose another file')").is_visible()
    view.page.click("button:has-text('Try again')")
    view.wait("window.told.filter(([what]) => what === 'submit').length === 3")
    assert calls(view, "submit")[2]["tags"] == calls(view, "submit")[1]["tags"]
    view.page.wait_for_selector(".photo-card .failed:visible")
    view.page.click("button:has-text('Back to the photo')")
    opened(view)


def test_a_reload_goes_on_with_what_is_computed(stub):
    """With the job that the server still has, or with the browser's copy once more; a failure stays one."""
    failed = {**RUNNING, "state": "failed", "error": "The disk is full."}
    view = stub("?stage=unary", progress=[RUNNING])
    give(view, "known.jpg", "lost.jpg", "failed.jpg")
    all_kept = "__iaff.userPhotos.photos.every(({ job, isKept }) => job && isKept)"
    view.wait(f"__iaff.userPhotos.photos.length === 3 && {all_kept}")
    view.page.evaluate("(failed) => (__iaff.client.server.progress = async () => failed)", failed)
    view.wait("__iaff.userPhotos.photos.every(({ failed }) => failed)")
    view.page.evaluate("(going) => (__iaff.client.server.progress = async () => going)", RUNNING)
    view.page.evaluate("__iaff.userPhotos.photos.slice(0, 2).forEach((photo) => __iaff.userPhotos.retry(photo))")
    view.wait("__iaff.userPhotos.photos.filter(({ job, isKept }) => job && isKept).length === 2")
    stub.at_once(progress=[RUNNING, LOST, DONE])
    view.reload()
    opened(view)
    assert view.state("stage") == "unary"
    view.wait("__iaff.userPhotos.photos.filter(({ state }) => state === 'done').length === 2")
    assert [request["name"] for request in calls(view, "submit")] == ["lost.jpg"]
    assert view.text(".mine .badge") == "!"
    view.page.click(".mine .thumb:has-text('failed.jpg')")
    assert view.text(".photo-card .error") == "The disk is full."
    view.page.click("button:has-text('Try again')")
    opened(view)
    assert view.page.locator(".mine .caption").all_inner_texts() == ["known.jpg", "lost.jpg", "failed.jpg"]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"upload": ["HTTP 413: Request Entity Too Large"]}, "a server on the way takes no file as large as this one"),
        ({"upload": ["HTTP 413: <html>413</html>"]}, "a server on the way takes no file as large as this one"),
        ({"upload": ["HTTP 413: Got 53 MB, expected less. Save it."]}, "me.jpg: got 53 MB, expected less. Save it."),
        ({"upload": ["Failed to fetch"]}, "could not be sent. The explorer does not answer"),
        ({"submit": [{"ok": False, "error": "50 photos wait already."}]}, "50 photos wait already."),
        ({"progress": [LOST]}, "not known here"),
        ({"progress": [None]}, "does not answer"),
    ],
)
def test_what_goes_wrong_is_said(stub, plan, said):
    view = stub(**plan)
    give(view, "me.jpg")
    view.page.wait_for_selector(".photo-card .failed:visible")
    assert said in view.text(".photo-card .error")
    assert view.text(".mine .badge") == "!"
    view.page.click("button:has-text('Dismiss')")
    view.wait("__iaff.trace && !__iaff.takenIn.shown()")
    assert view.page.locator(".mine").count() == 0


FULL = {"ok": False, "full": True, "error": "40 photos wait already, which is the most. Try again in a minute."}


@pytest.mark.parametrize("plan", [{"submit": [FULL, FULL]}, {"upload": ["HTTP 503: No room; try again in a minute."]}])
def test_a_full_server_is_asked_again_politely(stub, plan):
    """The photo waits, and says so; it is not sent a second time, and can be cancelled."""
    view = stub(**plan)
    view.page.evaluate("window.setTimeout = ((later) => (f, ms) => later(f, Math.min(ms, 400)))(window.setTimeout)")
    give(view, "me.jpg", "you.jpg")
    view.page.wait_for_selector(".photo-card:has-text('The server is full')")
    opened(view)
    assert calls(view, "upload").count("me.jpg") == (1 if "submit" in plan else 2)


GONE = {"ok": False, "gone": True, "error": "The photo is no longer there. Send it again."}


@pytest.mark.parametrize("plan", [{"submit": [GONE]}, {"progress": [LOST, DONE]}, {"progress": [None, DONE]}])
def test_what_may_be_tried_again_is(stub, plan):
    view = stub(**plan)
    give(view, "me.jpg")
    opened(view)


NO_PHOTO = """() => {
  const data = new DataTransfer();
  data.items.add(new File(["x"], "x.jpg", { type: "image/jpeg" }));
  window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
}"""


WRITTEN_BEFORE_DONE = """() => {
  const { put } = IDBObjectStore.prototype;
  let written = false;
  IDBObjectStore.prototype.put = function (value) {
    this.transaction.addEventListener("complete", () => (written = true));
    return put.call(this, value);
  };
  __iaff.userPhotos.ended.subscribe(() => (window.writtenBeforeDone = written));
}"""


def test_what_is_done_outlives_a_reload_at_once(stub):
    view = stub()
    view.page.evaluate(WRITTEN_BEFORE_DONE)
    give(view, "me.jpg")
    view.wait("'writtenBeforeDone' in window")
    assert view.page.evaluate("writtenBeforeDone")


def give_trace(view, name: str, data: bytes) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    view.page.set_input_files("input[type=file]", file)


def test_a_run_without_weights_takes_traces_alone(view, run_folder):
    """A trace file opens without the server, outlives a reload, and can be forgotten; a photo is refused."""
    view.open()
    assert view.text(".thumb.add .caption") == "A trace"
    assert "has none" in view.page.locator(".thumb.add").get_attribute("title")
    view.page.evaluate(NO_PHOTO)
    assert "no weights" in view.text(".veil")
    assert view.page.evaluate("__iaff.userPhotos.photos.length") == 0
    view.page.evaluate("Object.assign(__iaff.client, { server: {}, upload: null })")
    give_trace(view, "mine.safetensors", (run_folder / "traces" / "astronaut.safetensors").read_bytes())
    view.wait("__iaff.trace?.meta.name === 'astronaut' && __iaff.state.img.startsWith('own-')")
    assert view.text(".mine .caption") == "An astronaut, tagged horse and dog"
    assert view.page.locator(".tag-editor").count() == 0, "it cannot be computed again here"
    store = "import(__iaff.base + __iaff.scripts + '/client/user_photo_store.js')"
    view.wait(f"{store}.then((s) => s.kept()).then((all) => all.length === 1)")
    view.reload()
    view.wait("__iaff.trace?.meta.name === 'astronaut' && __iaff.state.img.startsWith('own-')")
    view.page.hover(".mine")
    view.page.click(".mine .forget")
    view.wait("__iaff.trace?.meta.name === 'chelsea' && !__iaff.state.img.startsWith('own-')")


def test_cancelling_a_trace_file_that_is_being_read(view, run_folder):
    view.open()
    view.page.evaluate("void (Blob.prototype.arrayBuffer = () => new Promise(() => {}))")
    give_trace(view, "slow.safetensors", (run_folder / "traces" / "astronaut.safetensors").read_bytes())
    view.page.click(".photo-card button:has-text('Cancel')")
    view.wait("__iaff.trace?.meta.name === 'chelsea'")
    assert view.page.locator(".mine").count() == 0


def test_playing_stops_at_a_photo_that_is_computed(stub):
    view = stub("?stage=unary&round=1&loop=1", progress=[RUNNING])
    view.key(" ")
    assert view.page.evaluate("Boolean(__iaff.stepper.timer)")
    give(view, "me.jpg")
    view.page.wait_for_selector("[role=progressbar]")
    view.wait("!__iaff.stepper.timer")


def test_few_traces_stay_parsed_and_the_shown_one_is_never_closed(stub):
    """The others are parsed anew, from the bytes that are kept."""
    view = stub()
    view.page.evaluate(
        """async () => {
          const { Trace } = await import(__iaff.base + __iaff.scripts + "/trace/trace.js"), { close } = Trace.prototype;
          window.ended = [];
          Trace.prototype.close = function () { ended.push(this); close.call(this); };
        }"""
    )
    give(view, *[f"{i}.jpg" for i in range(8)])
    done = "({ photos }) => photos.length === 8 && photos.every(({ state }) => state === 'done')"
    view.wait(f"({done})(__iaff.userPhotos)")
    opened(view)
    assert view.page.evaluate("__iaff.userPhotos.opened.traces.size") <= 7
    assert view.page.evaluate("[ended.length > 0, ended.includes(__iaff.origin)]") == [True, False]
    again = view.page.evaluate("Promise.all(__iaff.userPhotos.photos.map((photo) => photo.trace().then(({ T }) => T)))")
    assert again == [3] * 8
    assert not view.page.evaluate("ended.includes(__iaff.origin)")


FIRST_STORE = """([run, text]) => new Promise((wake) => {
  const asked = indexedDB.open("iaff", 1), trace = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  asked.onupgradeneeded = () => asked.result.createObjectStore("photos", { keyPath: "id" });
  asked.onsuccess = () => {
    const work = asked.result.transaction("photos", "readwrite"), table = work.objectStore("photos");
    table.put({ id: "own-old", name: "old.jpg", run, trace, thumb: "", kept: 1 });
    table.put({ id: "own-pick", name: "cow.jpg", run, pick: "cow.jpg", trace, thumb: "", kept: 2 });
    work.oncomplete = () => (asked.result.close(), wake());
  };
})"""


def test_what_an_older_explorer_kept_is_taken_over(view, run_folder):
    """Its own photos, whose bytes are read when one of them is opened, and not what came from the data set."""
    view.open_empty()
    trace = base64.b64encode((run_folder / "traces" / "astronaut.safetensors").read_bytes()).decode()
    view.page.evaluate(FIRST_STORE, ["synthetic", trace])
    view.page.add_init_script(
        """window.read = 0;
        const { arrayBuffer } = Blob.prototype;
        Blob.prototype.arrayBuffer = function () { read++; return arrayBuffer.call(this); };"""
    )
    view.open()
    assert view.page.locator(".mine .caption").all_inner_texts() == ["old.jpg"]
    assert view.page.evaluate("[read, __iaff.userPhotos.photos[0].bytes instanceof Blob]") == [0, True]
    view.page.click(".mine .thumb")
    opened(view)
    assert view.page.evaluate("read") == 1


@pytest.mark.parametrize(
    ("data", "got"),
    [(b"PNG", "The file has 3 bytes."), (b'\x05\0\0\0\0\0\0\0{"a"}', "header is not JSON"), (None, "says format")],
)
def test_a_file_that_is_no_trace_says_so(view, data, got):
    if data is None:
        from safetensors.numpy import save

        data = save({"weight": np.zeros(3, np.float32)})
    view.open()
    give_trace(view, "weights.safetensors", data)
    view.page.wait_for_selector(".photo-card .failed:visible")
    terms = dict(
        zip(
            view.page.locator(".photo-card dt").all_inner_texts(),
            view.page.locator(".photo-card dd").all(),
            strict=True,
        )
    )
    assert list(terms) == ["Got", "Expected", "What to do"]
    assert got in terms["Got"].inner_text()
    view.page.click("button:has-text('Dismiss')")
    view.wait("__iaff.trace?.meta.name === 'chelsea'")
    assert view.page.locator(".mine").count() == 0


def test_photos_and_traces_at_once(stub, run_folder):
    """The first of them is shown; photos are sent, traces are not."""
    view = stub()
    trace = (run_folder / "traces" / "chelsea.safetensors").read_bytes()
    files = [("me.jpg", b"no picture"), ("Cat.SafeTensors", trace)]
    files = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    view.page.set_input_files("input[type=file]", files)
    opened(view)
    view.wait("__iaff.userPhotos.photos.every(({ state }) => state === 'done')")
    assert [request["name"] for request in calls(view, "submit")] == ["me.jpg"]
    assert view.page.locator(".mine .caption").all_inner_texts() == ["me.jpg", "Chelsea the cat"]
