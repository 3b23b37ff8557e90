// The marking page's script. Python puts it into marking.html, and answers its requests: marking.py beside this folder.

/**
 * @typedef {(string | [string, Record<string, string>] | [string])[]} Parts A text; an element's start; its end: prose.py.
 * @typedef {{ text: Parts, points: number }} Level
 * @typedef {{ who: string, text: string, shown: Parts, prompt: Parts, solution: Parts, points: number | null, level: number | null,
 *   comment: string, open: boolean, changed: boolean }} Answer
 * @typedef {{ id: string, title: Parts, most: number, code: boolean, rubric: boolean, levels: Level[], answers: Answer[] }} Question
 * @typedef {{ exercise: string, title: string, questions: Question[], whole: Record<string, string> }} Told
 */

/** An element of the page, of whatever kind. @param {string} id @returns {any} */
const $ = (id) => document.getElementById(id);
/** @type {Told} What the server told, marks as they are now; until then it is not there. */
let data;
let q = 0; // the question shown
/** @type {Record<string, number>} Question's id -> the position shown. */
const at = {};

const question = () => data.questions[q];
const position = () => at[question().id] ?? 0;
const answer = () => question().answers[position()];
/** @param {Question} each */
const openIn = (each) => each.answers.filter((one) => one.open).length;
/** @param {{ textContent: string | null }} element @param {string} text */
const show = (element, text) => {
  element.textContent = text;
};
/** @param {number | null} number */
const points = (number) => (number === null ? "" : String(Math.round(number * 100) / 100));

/** @param {string} tag @param {string} text @param {object} [more] */
function make(tag, text, more = {}) {
  const element = Object.assign(document.createElement(tag), more);
  element.textContent = text;
  return element;
}

/** Put parts into an element in place of what was there. @template {Element} T @param {T} element @param {Parts} parts */
function fill(element, parts) {
  /** @type {Element} */
  let place = element;
  element.replaceChildren();
  for (const part of parts) {
    if (typeof part === "string") place.append(part);
    else if (part.length === 1) place = /** @type {Element} */ (place.parentElement);
    else {
      const inner = document.createElement(part[0]);
      for (const [name, value] of Object.entries(part[1])) inner.setAttribute(name, value);
      place.append(inner);
      place = inner;
    }
  }
  return element;
}

// --- Saving: one request after another, in the order of the keys; letters of one comment that wait become one request.

/** @type {{ path: string, body: object, key: string }[]} */
const waiting = [];
let busy = false;

/** @param {string} path @param {object} body */
async function send(path, body) {
  const reply = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await reply.json();
  if (reply.status === 400) throw Object.assign(new Error(said.error), { refused: true });
  if (!reply.ok) throw new Error(said.error ?? `The answer was ${reply.status}.`);
  return said;
}

/** @param {string} path @param {object} body @param {string} [key] Of two that wait with the same, the later counts. */
function save(path, body, key = "") {
  const same = key && waiting.find((each) => each.key === key);
  if (same) same.body = body;
  else waiting.push({ path, body, key });
  show($("saved"), "Saving…");
  return pump();
}

async function pump() {
  if (busy) return;
  busy = true;
  for (let item = waiting.shift(); item; item = waiting.shift()) {
    const { key } = item;
    try {
      await send(item.path, item.body);
    } catch (error) {
      const { refused } = /** @type {{ refused?: boolean }} */ (error);
      if (!(key && waiting.some((each) => each.key === key)) && !refused) waiting.unshift(item);
      busy = false;
      return stuck(error);
    }
  }
  busy = false;
  $("trouble").hidden = true;
  show($("saved"), "Saved");
}

/** @param {any} error */
function stuck(error) {
  const gone = error instanceof TypeError;
  const why = gone
    ? "the marking program does not answer. Start it again (its address will be another), or try again."
    : error.message;
  show($("trouble").firstElementChild, `Stuck: ${why}`);
  $("trouble").hidden = false;
  show($("saved"), "Not saved");
}

async function settled() {
  while (busy) await new Promise((done) => setTimeout(done, 5));
  return waiting.length === 0;
}

// --- What is shown.

function draw() {
  const each = question();
  const one = answer();
  show($("title"), `Marking ${data.exercise}`);
  document.title = `Marking ${data.exercise}`;
  $("questions").replaceChildren(...data.questions.map(tab));
  const total = data.questions.flatMap((other) => other.answers);
  $("progress").max = total.length;
  $("progress").value = total.filter((other) => !other.open).length;
  fill($("question"), each.title);
  const state = one.open ? "not marked" : `${points(one.points)} of ${points(each.most)} points`;
  show($("place"), `Answer ${position() + 1} of ${each.answers.length}, ${state}`);
  $("changed").hidden = !one.changed;
  fill($("prompt"), one.prompt);
  $("prompt-box").hidden = one.prompt.length === 0;
  fill($("solution"), one.solution);
  $("solution-box").hidden = one.solution.length === 0;
  const empty = one.text.trim() === "";
  fill($("text"), empty ? ["Left empty. e gives nothing to all that are."] : each.code ? [one.text] : one.shown);
  $("text").className = `prose${each.code && !empty ? " code" : ""}${empty ? " none" : ""}`;
  show($("typed"), one.text);
  $("typed-box").hidden = each.code || empty;
  drawMark();
  if (document.activeElement !== $("comment")) $("comment").value = one.comment;
  if (document.activeElement !== $("whole")) $("whole").value = data.whole[one.who];
  $("whole-box").open = data.whole[one.who] !== "" || document.activeElement === $("whole");
}

function drawMark() {
  const each = question();
  const one = answer();
  show($("kind"), each.rubric ? "Level" : "Points");
  show($("got"), one.points === null ? "" : `${points(one.points)} of ${points(each.most)}`);
  $("levels").className = each.rubric ? "" : "points";
  if ($("levels").dataset.of !== each.id) {
    $("levels").dataset.of = each.id;
    $("levels").replaceChildren(...each.levels.map((level, number) => levelButton(each, level, number)));
  }
  each.levels.forEach((level, number) => {
    const on = one.points !== null && (each.rubric ? one.level === number : one.points === level.points);
    $("levels").children[number].setAttribute("aria-pressed", String(on));
  });
  show($("most"), `of ${points(each.most)}`);
  $("most").className = "soft";
  if (document.activeElement !== $("points")) $("points").value = points(one.points);
}

/** @param {Question} each @param {Level} level @param {number} number */
function levelButton(each, level, number) {
  const button = make("button", "", { type: "button", onclick: () => choose(number) });
  button.append(make("kbd", String(number)));
  if (each.rubric)
    button.append(fill(make("span", ""), level.text), make("span", points(level.points), { className: "number" }));
  return button;
}

/** @param {Question} each @param {number} number */
function tab(each, number) {
  const left = openIn(each);
  const button = fill(make("button", "", { type: "button" }), each.title);
  button.append(` · ${each.answers.length - left} of ${each.answers.length}`);
  button.setAttribute("aria-current", String(number === q));
  button.onclick = () => turn(number);
  return button;
}

// --- What a person does.

/** @param {object} what */
function change(what) {
  const one = answer();
  const body = { question: question().id, who: one.who, ...what };
  save("mark", body, "comment" in what ? `${body.question}/${one.who}` : "");
}

/** @param {number} number */
function choose(number) {
  const each = question();
  const level = each.levels[number];
  if (!level) return;
  Object.assign(answer(), { level: each.rubric ? number : null, points: level.points, open: false, changed: false });
  change(each.rubric ? { level: number } : { points: level.points });
  draw();
  if ($("by-itself").checked) nextOpen();
}

/** @param {number | null} number */
function give(number) {
  Object.assign(answer(), { level: null, points: number, open: number === null, changed: false });
  change({ points: number });
  draw();
}

// Points as typed, once they are whole; false where they cannot be.
function typed() {
  const text = $("points").value.trim().replace(",", ".");
  const number = text === "" ? null : /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (number !== null && !(number <= question().most)) {
    show($("most"), `Expected 0 to ${points(question().most)}`);
    $("most").className = "bad";
    return false;
  }
  if (number !== (answer().points === null ? null : Number(points(answer().points)))) give(number);
  return true;
}

function commented() {
  answer().comment = $("comment").value;
  change({ comment: $("comment").value });
}

function leave() {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/** @param {number} place */
function move(place) {
  if (place < 0 || place >= question().answers.length) return;
  leave();
  at[question().id] = place;
  draw();
  scrollTo(0, 0);
}

/** @param {number} number */
function turn(number) {
  if (number < 0 || number >= data.questions.length) return;
  leave();
  q = number;
  draw();
  scrollTo(0, 0);
}

// The next one without a mark: after this one, then from the start, then of the next question that has one.
function nextOpen() {
  const { answers } = question();
  const order = answers.map((_, number) => (position() + 1 + number) % answers.length);
  const found = order.find((number) => answers[number].open);
  if (found !== undefined) return move(found);
  const other = data.questions.findIndex((each) => openIn(each));
  if (other === -1) return show($("saved"), "Everything is marked.");
  turn(other);
  move(question().answers.findIndex((one) => one.open));
}

async function load() {
  const reply = await fetch("data");
  const told = await reply.json();
  if (!reply.ok) return stuck(new Error(told.error));
  data = told;
  $("work").hidden = false;
  draw();
}

async function undo() {
  leave();
  if (!(await settled())) return;
  try {
    const { who, question: name } = await send("undo", {});
    if (!who) return show($("saved"), "Nothing to undo");
    await load();
    if (name !== null) q = data.questions.findIndex((each) => each.id === name);
    move(question().answers.findIndex((one) => one.who === who));
    show($("saved"), "Undone");
  } catch (error) {
    stuck(error);
  }
}

async function empty() {
  if (!(await settled())) return;
  try {
    const { count } = await send("empty", { question: question().id });
    await load();
    show($("saved"), `${count} empty: nothing given`);
  } catch (error) {
    stuck(error);
  }
}

async function whose() {
  const asked = answer();
  const { name, file } = await send("whose", { who: asked.who });
  if (asked === answer()) show($("place"), `${$("place").textContent}. ${name}${file ? ` (${file})` : ""}`);
}

// --- The two lists to choose from.

/** @param {string} title @param {string} says @param {(part: string) => Element[]} list @param {(text: string) => void} entered */
function ask(title, says, list, entered) {
  const wanted = $("wanted");
  const offer = () => $("found").replaceChildren(...list(wanted.value));
  show($("choose-title"), title);
  show($("choose-says"), says);
  wanted.value = "";
  wanted.oninput = offer;
  wanted.onkeydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      entered(wanted.value);
    }
    if (event.key === "ArrowDown") {
      event.preventDefault();
      $("found").querySelector("button")?.focus();
    }
  };
  offer();
  $("choose").showModal();
  wanted.focus();
}

/** Lines of all comments on this question that are not in this one, the most used first. @param {string} part */
function lines(part) {
  const here = answer().comment.split("\n");
  const counts = new Map();
  for (const { comment } of question().answers)
    for (const line of new Set(
      comment
        .split("\n")
        .map((text) => text.trim())
        .filter(Boolean),
    ))
      counts.set(line, (counts.get(line) ?? 0) + 1);
  const fitting = [...counts].filter(
    ([line]) => !here.includes(line) && line.toLowerCase().includes(part.toLowerCase()),
  );
  return fitting.sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([line]) => line);
}

// A field in a closed dialog keeps the focus until the browser draws again, and would swallow the next key.
function shut() {
  leave();
  $("choose").close();
}

function reuse() {
  /** @param {string} line */
  const use = (line) => {
    shut();
    if (!line) return;
    const before = answer().comment.trimEnd();
    $("comment").value = before ? `${before}\n${line}` : line;
    commented();
  };
  /** @param {string} part */
  const buttons = (part) =>
    lines(part).map((line) => make("button", line, { type: "button", onclick: () => use(line) }));
  const says = lines("").length
    ? "Type a part of it. Enter takes the first, ↓ goes down the list."
    : "There is none on this question yet.";
  ask("Use a line that you wrote before", says, buttons, (part) => use(lines(part)[0]));
}

function goTo() {
  ask(
    "Go to a number, or to a student",
    "A student's id or whole name, as on the class list.",
    () => [],
    async (text) => {
      let place = Number(text) - 1;
      if (!question().answers[place]) {
        const { who } = await send("find", { name: text });
        place = question().answers.findIndex((one) => one.who === who);
      }
      if (place < 0) return show($("choose-says"), `No answer of ${text} to this question.`);
      shut();
      move(place);
    },
  );
}

// --- Keys.

/** @type {Record<string, () => unknown>} */
const KEYS = {
  Enter: nextOpen,
  n: nextOpen,
  ArrowRight: () => move(position() + 1),
  ArrowLeft: () => move(position() - 1),
  "[": () => turn(q - 1),
  "]": () => turn(q + 1),
  f: () => (question().rubric ? choose(question().levels.length - 1) : give(question().most)),
  p: () => {
    $("points").focus();
    $("points").select();
  },
  c: () => $("comment").focus(),
  o: () => {
    $("whole-box").open = true;
    $("whole").focus();
  },
  s: reuse,
  e: empty,
  u: undo,
  g: goTo,
  w: whose,
  v: () => {
    $("solution-box").open = !$("solution-box").open;
  },
  t: () => {
    $("typed-box").open = !$("typed-box").open;
  },
  x: () => give(null),
  "?": () => $("help").showModal(),
};

/** The letter on the key where the keyboard is set to another script, the digit where it takes Shift to type one. @param {KeyboardEvent} event */
function keyOf(event) {
  if (event.key in KEYS || /^[0-9]$/.test(event.key)) return event.key;
  const place = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code)?.[1].toLowerCase() ?? "";
  return event.shiftKey || (/^[a-z]$/i.test(event.key) && /[a-z]/.test(place)) ? event.key : place;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const target = event.target;
  const field = target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;
  if (!data || event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (field) {
    if (event.key === "Escape") leave();
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || target === $("points"))) return;
    event.preventDefault();
    if (target !== $("points") || typed()) nextOpen();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !$("single").checked) return;
  const pressable = 'button:not([aria-pressed="true"]), summary';
  if (event.key === "Enter" && target instanceof Element && target.matches(pressable)) return;
  const key = keyOf(event);
  const act = /^[0-9]$/.test(key) ? () => choose(Number(key)) : KEYS[key];
  if (!act || (event.repeat && !event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  act();
}

document.addEventListener("keydown", pressed);
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("cancel", leave);
$("comment").addEventListener("input", commented);
$("comment").addEventListener("blur", () => data && draw());
$("points").addEventListener("change", typed);
$("points").addEventListener("blur", () => drawMark());
$("whole").addEventListener("input", () => {
  const { who } = answer();
  data.whole[who] = $("whole").value;
  save("comment", { who, text: $("whole").value }, `whole/${who}`);
});
$("trouble").querySelector("button").onclick = pump;
for (const [id, act] of Object.entries({
  "next-open": nextOpen,
  back: KEYS.ArrowLeft,
  next: KEYS.ArrowRight,
  undo,
  go: goTo,
  name: whose,
  clear: KEYS.x,
  "help-button": KEYS["?"],
}))
  $(id).onclick = act;
addEventListener("beforeunload", (event) => {
  if (busy || waiting.length) event.preventDefault();
});
load().catch(stuck);
