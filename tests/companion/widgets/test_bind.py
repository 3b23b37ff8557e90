"""A view that is removed leaves nothing behind: no listener on its model, on the window or on an observer, and nothing is drawn later."""

import ipywidgets
import numpy as np
import pytest
import torch

from companion import models
from companion.widgets import (
    BetaSlider,
    BottleneckDial,
    Bound,
    DrawADigit,
    LatentMap,
    LatentPads,
    LogVarianceDial,
    OneEps,
    Pad,
    Regions,
    Stage,
    TwoGaussians,
    bundle,
)
from tests.support.seeing import next_frame

RNG = np.random.default_rng(0)
DECODER = [RNG.normal(size=shape) for shape in ((8, 2), (8,), (784, 8), (784,))]
CODES = RNG.normal(size=(20, 2))
DIGITS = RNG.uniform(size=(6, 784))

# Chromium gives no list of listeners, so what adds and removes them is counted from before the view is made.
COUNT = """() => {
  window.left = { window: 0, observers: new Set(), model: 0, drawn: 0, errors: [] };
  const { addEventListener, removeEventListener } = window;
  window.addEventListener = function (...args) { left.window += 1; return addEventListener.apply(window, args); };
  window.removeEventListener = function (...args) { left.window -= 1; return removeEventListener.apply(window, args); };
  for (const kind of [ResizeObserver, MutationObserver]) {
    const { observe, disconnect } = kind.prototype;
    kind.prototype.observe = function (...args) { left.observers.add(this); return observe.apply(this, args); };
    kind.prototype.disconnect = function () { left.observers.delete(this); return disconnect.apply(this); };
  }
  addEventListener.call(window, "error", (event) => left.errors.push(event.message));
  addEventListener.call(window, "unhandledrejection", (event) => left.errors.push(String(event.reason)));
}"""

RENDER = """async ([id, models, code, style]) => {
  const made = {};
  for (const [name, { state, buffers = [] }] of Object.entries(models)) {
    const values = structuredClone(state), heard = [];
    for (const { path, data } of buffers) {
      const holder = path.slice(0, -1).reduce((inner, key) => inner[key], values);
      holder[path.at(-1)] = new DataView(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)).buffer);
    }
    made[name] = {
      get: (key) => values[key],
      set(key, value) {
        values[key] = value;
        for (const [event, listener] of heard.slice()) if (event === `change:${key}`) listener();
      },
      save_changes() {},
      on(event, listener) { heard.push([event, listener]); left.model += 1; },
      off(event, listener) {
        const at = heard.findIndex(([one, other]) => one === event && other === listener);
        if (at >= 0) { heard.splice(at, 1); left.model -= 1; }
      },
      widget_manager: { get_model: async (other) => made[other] },
    };
  }
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const { default: { render } } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const el = document.body.appendChild(document.createElement("main"));
  window.view = { model: made[id], el, render };
  window.view.end = await render(window.view);
}"""

WATCH = """() => {
  const note = () => { left.drawn += 1; };
  const watcher = new MutationObserver(note);
  left.observers.add = () => {}; // the watcher itself is not the view's
  watcher.observe(view.el, { subtree: true, childList: true, attributes: true, characterData: true });
  const paint = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...args) { note(); return paint.apply(this, args); };
}"""

COUNTED = "() => ({ ...left, observers: left.observers.size })"


def vae() -> models.VAE:
    """An untrained one, with small layers."""
    return models.VAE(2, generator=torch.Generator().manual_seed(0), hidden=(8,))


MAKE = {
    "BetaSlider": lambda: BetaSlider(
        {beta: Stage(DECODER, CODES, 3.0, 150.0) for beta in (0.5, 1)}, labels=np.zeros(20), digits=DIGITS, shown=range(6)
    ),
    "BottleneckDial": lambda: BottleneckDial(
        {2: DECODER, 3: [RNG.normal(size=shape) for shape in ((8, 3), (8,), (784, 8), (784,))]},
        {dim: np.zeros((6, dim)) for dim in (2, 3)},
        DIGITS,
        low={dim: -np.ones(dim) for dim in (2, 3)},
        high={dim: np.ones(dim) for dim in (2, 3)},
        errors={dim: np.arange(9) for dim in (2, 3)},
    ),
    "Bound": Bound,
    "DrawADigit": lambda: DrawADigit(vae(), codes=CODES, labels=np.zeros(20), digits=DIGITS, average=(149.0, 5.6)),
    "LatentMap": lambda: LatentMap(DECODER, CODES, np.zeros(20), images=DIGITS, at=CODES[:6], low=-4, high=4),
    "LatentPads": lambda: LatentPads(
        {name: Pad(DECODER, CODES, (0, 0), 4, np.ones(16)) for name in ("one", "other")}, labels=np.arange(20) % 2
    ),
    "LogVarianceDial": LogVarianceDial,
    "OneEps": lambda: OneEps(DECODER, DIGITS[0], (0, 0), (0.1, 0.1), drawn=200),
    "Regions": lambda: Regions(decoder=DECODER, codes=CODES, labels=np.zeros(20)),
    "TwoGaussians": TwoGaussians,
}
CHANGE = {  # a trait that moves, and another value of it
    "BetaSlider": ("index", 0),
    "BottleneckDial": ("bits", 5),
    "Bound": ("mu", 2),
    "DrawADigit": ("seed", 1),
    "LatentMap": ("digit", 3),
    "LatentPads": ("points", [[1, 1], [0, 0]]),
    "LogVarianceDial": ("cost", 20),
    "OneEps": ("region", [0.1, 0.2, 0.05, 0.1]),
    "Regions": ("regions", [[1, 1, 0.5, 0.5]]),
    "TwoGaussians": ("mu", -1),
}


def state_of(widget) -> dict:
    """What a page gets of a widget's models, without layout and code."""
    saved = ipywidgets.Widget.get_manager_state()["state"]
    text = str(saved[widget.model_id]["state"])
    return {name: model for name, model in saved.items() if name == widget.model_id or f"IPY_MODEL_{name}" in text}


@pytest.fixture
def view(browser, request):
    """A page with one view of a widget, whose listeners are counted."""
    widget = MAKE[request.param]()
    page = browser.new_page()
    page.evaluate(COUNT)
    page.evaluate(RENDER, [widget.model_id, state_of(widget), str(widget._esm), bundle.style()])
    page.kind = request.param
    next_frame(page)
    yield page
    page.close()


# In every run: listeners on a canvas, on a plane and on a chart; the others with --slow.
THREE = ("DrawADigit", "LatentMap", "TwoGaussians")
every_kind = pytest.mark.parametrize(
    "view", [pytest.param(kind, marks=[] if kind in THREE else pytest.mark.slow) for kind in MAKE], indirect=True
)


@every_kind
def test_a_removed_view_leaves_no_listener(view):
    there = view.evaluate(COUNTED)
    assert there["window"] == 1  # for keys
    assert there["model"] > 0
    assert there["observers"] > 0
    view.evaluate("() => view.end()")
    assert view.evaluate(COUNTED) == {"window": 0, "observers": 0, "model": 0, "drawn": 0, "errors": []}


@every_kind
def test_a_change_is_drawn_until_the_view_is_removed(view):
    """Also one that was asked for before, and was due in the frame after."""
    change = "([name, value]) => view.model.set(name, value)"
    name, value = CHANGE[view.kind]
    before = view.evaluate("(name) => view.model.get(name)", name)
    view.evaluate(WATCH)
    view.evaluate(change, [name, value])
    next_frame(view)
    assert view.evaluate("() => left.drawn") > 0
    view.evaluate(
        """async ([name, one, other]) => {
          view.model.set(name, one);
          await null;
          view.model.set(name, other);
          view.end();
          await null;
          left.drawn = 0;
        }""",
        [name, before, value],
    )
    view.evaluate(change, [name, before])
    view.evaluate("() => { document.documentElement.dataset.theme = 'dark'; document.body.style.width = '300px'; }")
    next_frame(view)
    left = view.evaluate(COUNTED)
    assert left["errors"] == []
    assert left["drawn"] == 0


@pytest.mark.parametrize("view", ["TwoGaussians"], indirect=True)
def test_keys_are_heard_as_long_as_one_view_is_there(view):
    press = """() => {
      const event = new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true });
      document.querySelector("[aria-label='Mean of q']").dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    view.evaluate("async () => { const el = document.createElement('div'); view.other = await view.render({ ...view, el }); }")
    assert view.evaluate("() => left.window") == 1
    view.evaluate("() => view.other()")
    assert view.evaluate(press)
    view.evaluate("() => view.end()")
    assert not view.evaluate(press)
    assert view.evaluate("() => left.window") == 0


@pytest.mark.parametrize("view", ["LatentPads"], indirect=True)
def test_a_view_that_fails_leaves_nothing(view):
    view.evaluate("() => view.end()")
    view.evaluate("() => { view.model.set('decoders', ['IPY_MODEL_gone', 'IPY_MODEL_gone']); }")
    failed = "async () => view.render(view).then(() => 'rendered', (error) => error.message)"
    assert view.evaluate(failed) != "rendered"
    assert view.evaluate(COUNTED) == {"window": 0, "observers": 0, "model": 0, "drawn": 0, "errors": []}
