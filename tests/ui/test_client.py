"""The one door to Python on the page: what goes wrong behind it is said in each place that asks."""

from tests.ui.places import ROOT

DOWN = "The explorer does not answer. Start it again (iaff), then try once more."
CAT = ROOT / "assets" / "gallery" / "chelsea.jpg"


def test_a_server_that_has_gone_is_said_in_each_place(view):
    """The page as it was opened, and then no answer to anything."""
    page = view.page
    page.expected += ["Failed to load resource", "ERR_FAILED"]
    view.open("?run=animals&img=cow&stage=refined&round=2")
    page.wait_for_selector(".iaff-charts[data-ready]", timeout=20000)
    page.route("**/gradio_api/**", lambda route: route.abort())

    def says(selector: str, sentence: str = DOWN) -> None:
        page.locator(selector, has_text=sentence).first.wait_for(timeout=30000)
        page.keyboard.press("Escape")

    page.evaluate("__iaff.current.grown.send()")
    says(".iaff-charts .source")
    page.click("[role=tab]:has-text('Mining')")
    says(".mining .plot-note")
    page.click("button:has-text('All photos')")
    says(".browser .note")
    page.click("button:has-text('Lessons')")
    says("dialog.lessons .note")
    for button in ("HTML", "the whole run"):
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
