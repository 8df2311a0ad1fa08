"""Terms explain themselves to cursor, focus and finger, within the window."""

INSIDE = """() => {
  const { left, top, right, bottom } = document.querySelector(".term-tip").getBoundingClientRect();
  return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
}"""


def test_a_term_explains_itself(view):
    page = view.open("?run=animals&img=cow&stage=affinity&round=3&x=218&y=106").page
    tip = page.locator(".term-tip")
    reach = page.locator(".query .explained", has_text="reach")
    reach.hover()
    tip.wait_for()
    assert tip.inner_text().startswith("reach The smallest number of cells that hold 90 %")
    assert reach.get_attribute("aria-describedby") == tip.get_attribute("id")
    assert page.evaluate(INSIDE)
    tip.hover()  # it stays, so that it can be read with a magnifier
    page.wait_for_function("!document.querySelector('.term-tip').hidden")
    view.key("Escape")
    tip.wait_for(state="hidden")
    assert view.state("x") == 218  # Escape closed the tip, and kept the pin

    page.locator(".query .segmented button").first.focus()
    while not page.evaluate("document.activeElement.matches('.explained')"):
        view.key("Tab")
    tip.wait_for()
    assert page.evaluate("document.activeElement.dataset.explained") == tip.locator("b").inner_text()

    page.evaluate("__iaff.store.set({ tab: 'mining', stage: 'confident' })")
    page.locator(".rail-row", has_text="purity").locator("input").focus()
    tip.get_by_text("purity").wait_for()  # a field says what its name means


def test_a_tap_explains_a_term_on_a_phone(view):
    page = view.page
    page.set_viewport_size({"width": 390, "height": 844})
    view.open("?run=animals&img=cow&stage=refined&round=3")
    term = page.locator(".figures .explained").first
    term.scroll_into_view_if_needed()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")  # it has scrolled
    term.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    page.locator(".term-tip").wait_for()
    assert page.evaluate(INSIDE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
