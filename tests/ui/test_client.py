"""The one door to Python on the page: what goes wrong behind it is one sentence, in each place that asks."""

from tests.ui.places import ROOT

DOWN = "The explorer does not answer. Start it again (python app.py), then try once more."
ALONE = "This needs the full explorer; this file holds one photo alone."
CAT = ROOT / "assets" / "gallery" / "chelsea.jpg"

# What each question of a client ends with, by name, where its server is made like this.
ENDS = """async ([modules, server]) => {
  const { Client, ServerError } = await import(`${modules}/client/client.js`),
    file = new File(["x"], "x.jpg"),
    asked = { run: "animals", name: "x.jpg", tags: null },
    client = new Client({ server: eval(server), upload: async () => ({ path: "/x.jpg" }) }),
    questions = {
      figures: ["animals"], mining: ["animals"], browse: [{ run: "animals" }], thumb: ["animals", "1"],
      openPhoto: ["animals", "1", null], submit: [file, asked], progress: ["job"], take: ["job"], propagate: [{}],
      lessons: [], shell: [], gif: [[], 1000],
    },
    ends = {};
  for (const [name, given] of Object.entries(questions))
    ends[name] = await client[name](...given).then(
      () => "answered",
      (error) => (error instanceof ServerError ? error.message : `not a ServerError: ${error}`),
    );
  client.cancel("job"); // nobody waits for its answer
  return ends;
}"""


def ends(view, answer: str) -> dict[str, str]:
    """By question: how it ends where every function of Python does this."""
    modules = view.open_empty()
    return view.page.evaluate(ENDS, [modules, f"new Proxy({{}}, {{ get: () => {answer} }})"])


def test_each_question_ends_with_one_sentence(view):
    for answer, said in (
        ("async () => undefined", DOWN),
        ("async () => { throw new TypeError('Failed to fetch') }", DOWN),
        ("() => { throw new TypeError('closed') }", DOWN),
        ("async () => ({ ok: false, error: 'Got too much.' })", "Got too much."),
        ("undefined", ALONE),
        ("async () => ({ ok: true })", "answered"),
    ):
        found = ends(view, answer)
        assert len(found) == 12
        assert set(found.values()) == {said}, answer


def test_a_question_is_asked_again_while_nothing_comes_back(view):
    """Of a job, whose photo is already there; others ask once."""
    asked = view.page.evaluate(
        """async (modules) => {
          const { Client } = await import(`${modules}/client/client.js`),
            told = [],
            ask = (name) => async () => (told.push(name), told.length < 3 ? undefined : { ok: true, state: "done" }),
            figures = async () => void told.push("figures"),
            client = new Client({ server: { progress: ask("progress"), figures } });
          const { state } = await client.progress("job");
          await client.figures("animals").catch(() => {});
          return [state, ...told];
        }""",
        view.open_empty(),
    )
    assert asked == ["done", "progress", "progress", "progress", "figures"]


def test_a_server_that_has_gone_is_said_in_each_place(view):
    """The page as it was opened, and then no answer to anything."""
    page = view.page
    page.expected += ["Failed to load resource", "ERR_FAILED"]
    view.open("?run=animals&img=cow&stage=refined&round=2")
    page.wait_for_selector(".iaff-charts[data-ready]", timeout=20000)
    page.route("**/gradio_api/**", lambda route: route.abort())

    def says(selector: str, sentence: str = DOWN) -> None:
        page.locator(selector, has_text=sentence).first.wait_for(timeout=15000)
        page.keyboard.press("Escape")

    page.evaluate("window.dispatchEvent(new Event('iaff:grown'))")
    says(".iaff-charts .source")
    page.click("[role=tab]:has-text('Mining')")
    says(".mining .plot-note")
    page.click("button:has-text('All photos')")
    says(".browser .note")
    page.click("button:has-text('Lessons')")
    says("dialog.lessons .note")
    for button in ("GIF", "HTML", "the whole run"):
        view.key("s")
        page.wait_for_selector(".exports[open] canvas")
        page.locator(".exports").get_by_role("button", name=button).click()
        says(".exports .note.wrong")
    page.evaluate("__iaff.store.set({ panes: 2, p2: '..walk.' })")
    says("[data-pane='2'] .pane-note")
    page.set_input_files("input[type=file]", CAT)
    says(".photo-card .error", f"chelsea.jpg could not be sent. {DOWN}")
    page.evaluate("__iaff.store.set({ img: 'spitz' })")
    says(".picture [role=alert]", "The explorer does not answer.")
    page.evaluate("__iaff.store.set({ run: 'plain_cam', img: null })")
    says(".picture [role=alert]")
