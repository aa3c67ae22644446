/**
 * The interviewer: shows what the kernel says, sends what the learner does.
 *
 * `_cases` holds what can be played; `_state` holds where we are: the choice of a case ("choose"),
 * the interview ("play") or its report ("report"). The interview itself is played in Python; here
 * is only the search among the moves that are open.
 */

const PAGE = 8; // moves that Page Down passes

function paragraphs(text) {
  const parts = text.split(/\n\s*\n/).map((part) => part.trim());
  return parts.filter(Boolean).map((part) => h("p", {}, ...inline(part)));
}

const FILLERS = new Set(
  (
    "a an and are ask about can could do does for how i in is it like me my of on or our propose " +
    "should so suggest tell the there these they this to use want we what which will with would " +
    "you your"
  ).split(" "),
);
const ALIKE = 0.8; // how alike two words must be for a slip of the keyboard

function wordsOf(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}

/** Twice the characters in blocks that two words share, over all their characters. */
export function alike(a, b) {
  const [first, second] = [[...a], [...b]];
  return (2 * shared(first, second)) / (first.length + second.length);
}

/** The characters in the longest common block, and in those to the left and right of it. */
function shared(a, b) {
  let [from, to, size] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    for (let j = 0; j < b.length; j += 1) {
      let k = 0;
      while (i + k < a.length && j + k < b.length && a[i + k] === b[j + k]) k += 1;
      if (k > size) [from, to, size] = [i, j, k];
    }
  }
  if (!size) return 0;
  const left = shared(a.slice(0, from), b.slice(0, to));
  return left + size + shared(a.slice(from + size), b.slice(to + size));
}

function likeness(token, words) {
  if (words.includes(token)) return 1;
  if (words.some((word) => word.startsWith(token))) return 0.8;
  if (token.length > 3 && words.some((word) => alike(token, word) >= ALIKE)) return 0.5;
  return 0;
}

/** How well a move answers to all tokens; 0 when one of them says nothing to it. */
function rank(move, tokens, text) {
  const title = wordsOf(`${move.title} ${move.heading}`);
  const known = wordsOf(move.words.join(" "));
  const pitch = wordsOf(move.line);
  let total = 0;
  for (const token of tokens) {
    const best = Math.max(
      1.2 * likeness(token, known),
      likeness(token, title),
      0.4 * likeness(token, pitch),
    );
    if (!best) return 0;
    total += best;
  }
  const whole = [move.title, ...move.words].some((phrase) => phrase.toLowerCase() === text);
  return total / tokens.length + 0.5 * whole;
}

/** The moves that a text may mean, best first, as `pitfalls.interview.search` finds them. */
export function search(moves, text) {
  const typed = wordsOf(text.slice(0, 200));
  const telling = typed.filter((token) => !FILLERS.has(token));
  const tokens = telling.length ? telling : typed;
  if (!tokens.length) return moves;
  const ranked = moves.map((move) => [rank(move, tokens, typed.join(" ")), move]);
  const found = ranked.filter((pair) => pair[0] > 0).sort((a, b) => b[0] - a[0]);
  return found.map((pair) => pair[1]); // of one rank, in the order of the case
}

/** The cases to choose from, and what was played before. */
function room(id, cases, act) {
  const seed = h("input", {
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: "10",
    placeholder: "drawn anew",
    "aria-describedby": `${id}-seed-hint`,
    oninput: () => complain(""),
  });
  const hint = h("p", { class: "hint", id: `${id}-seed-hint` });
  const SEED = "The same seed hides the same constraints. Leave it empty for new ones.";

  function complain(words) {
    hint.textContent = words || SEED;
    hint.classList.toggle("odd", Boolean(words));
    if (words) seed.setAttribute("aria-invalid", "true");
    else seed.removeAttribute("aria-invalid");
  }

  function begin(name) {
    const text = seed.value.trim();
    if (text && !(/^\d+$/.test(text) && Number(text) < 2 ** 31)) {
      complain("A seed is a whole number below 2147483648, such as 7; or leave it empty.");
      seed.focus();
      return;
    }
    act("play", { case: name, seed: text ? Number(text) : null });
  }

  const cards = cases.map((it) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "case", onclick: () => begin(it.name) },
        h("strong", {}, it.title),
        h("span", {}, ...inline(it.about)),
        h("span", { class: "length" }, plural(it.minutes, "minute")),
      ),
    ),
  );
  const title = h("h4", { tabindex: "-1" }, "Choose a case");
  complain("");
  return {
    title,
    element: h(
      "div",
      { class: "room" },
      title,
      h("ul", { class: "cases" }, ...cards),
      h("div", { class: "line" }, h("label", {}, h("span", {}, "Seed"), seed), hint),
    ),
  };
}

/** What was said. Only what is new is added, so that a screen reader reads it, and nothing twice. */
function transcript() {
  const element = h("div", {
    class: "log",
    role: "log",
    tabindex: "0",
    "aria-label": "Transcript of the interview",
  });
  let shown = null; // which interview, and whether it was over
  let count = 0;

  function entry(line) {
    const who = line.who === "you" ? "You" : "Interviewer";
    const stamp = h("span", { class: "stamp" }, `minute ${line.minute}`);
    const note = line.note ? [h("span", { class: "note" }, line.note)] : [];
    return h(
      "div",
      { class: `entry ${line.who}` },
      h("p", { class: "who" }, h("strong", {}, who), " ", stamp, " ", ...note),
      ...paragraphs(line.text),
    );
  }

  return {
    element,
    show(state) {
      const key = JSON.stringify([state.phase, state.title, state.seed, state.begun]);
      if (key !== shown || state.lines.length < count) {
        element.replaceChildren();
        count = 0;
        shown = key;
      }
      const fresh = state.lines.slice(count).map(entry);
      if (!fresh.length) return;
      const opened = count === 0;
      element.append(...fresh);
      count = state.lines.length;
      requestAnimationFrame(() => {
        // one who comes back sees the end; of an answer that does not fit, one sees the beginning
        const end = state.phase === "play" ? element.scrollHeight : 0;
        element.scrollTop = opened ? end : fresh[0].offsetTop - element.offsetTop - 8;
      });
    },
  };
}

/** The moves: a field that searches them, and the list of what it finds. */
function picker(id, act, announce) {
  let moves = [];
  let found = [];
  let active = null;
  let timer = 0;

  const list = h("div", {
    class: "list",
    role: "listbox",
    id: `${id}-moves`,
    "aria-label": "Moves",
  });
  const none = h("p", { class: "hint none", hidden: "" });
  const field = h("input", {
    type: "text",
    role: "combobox",
    id: `${id}-field`,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "60",
    placeholder: "latency, labels, baseline …",
    "aria-expanded": "true",
    "aria-controls": list.id,
    "aria-autocomplete": "list",
    "aria-describedby": `${id}-how`,
    oninput: () => {
      find();
      clearTimeout(timer);
      timer = setTimeout(() => announce(counted()), 500);
    },
    onkeydown: press,
  });
  const how = h(
    "p",
    { class: "hint", id: `${id}-how` },
    "Type to search, arrow keys to choose, Enter to say it.",
  );
  const say = h("button", { type: "button", onclick: make }, "Say it");
  const preview = h("p", { class: "preview" });

  function counted() {
    if (!found.length) return none.textContent;
    const first = active ? ` The first: ${active.title}, ${price(active)}.` : "";
    return `${plural(found.length, "move")}.${first}`;
  }

  function price(move) {
    if (!move.open) return "said before";
    return `${move.minutes} min${move.fits ? "" : ", more than is left"}`;
  }

  function option(move, flat) {
    const under = flat ? [h("span", { class: "under" }, move.group)] : [];
    return h(
      "div",
      {
        role: "option",
        id: `${id}-move-${move.id}`,
        class: `option${move.open ? "" : " said"}`,
        "aria-selected": "false",
        onclick: () => {
          choose(move);
          field.focus();
        },
        ondblclick: make,
      },
      h("span", { class: "label" }, ...inline(move.title)),
      h("span", { class: "price" }, price(move)),
      ...under,
    );
  }

  /** With nothing typed the open moves stand in their groups, else the likeliest is on top. */
  function find() {
    const text = field.value.trim();
    if (text) {
      const all = search(moves, text);
      found = [...all.filter((move) => move.open), ...all.filter((move) => !move.open)];
      list.replaceChildren(...found.map((move) => option(move, true)));
    } else {
      const groups = grouped(moves.filter((move) => move.open));
      found = [...groups.values()].flat();
      list.replaceChildren(...[...groups].map(group));
    }
    none.hidden = found.length > 0;
    list.hidden = found.length === 0;
    field.setAttribute("aria-expanded", String(found.length > 0));
    none.textContent = `No move has to do with “${text}”. Try another word, or fewer letters.`;
    list.scrollTop = 0;
    choose(text ? (found[0] ?? null) : null);
  }

  function group([name, members], i) {
    return h(
      "div",
      { role: "group", "aria-labelledby": `${id}-group-${i}` },
      h("div", { class: "group", id: `${id}-group-${i}`, role: "presentation" }, name),
      ...members.map((move) => option(move, false)),
    );
  }

  function choose(move) {
    active = move;
    for (const element of list.querySelectorAll("[aria-selected=true]")) {
      element.setAttribute("aria-selected", "false");
    }
    field.removeAttribute("aria-activedescendant");
    say.disabled = !move;
    preview.textContent = move && move.line !== move.title ? `“${move.line}”` : "";
    if (!move) return;
    const element = list.querySelector(`#${CSS.escape(`${id}-move-${move.id}`)}`);
    element.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", element.id);
    scrollTo(element);
  }

  /** Scroll the list, and nothing around it. */
  function scrollTo(element) {
    const place = element.getBoundingClientRect();
    const view = list.getBoundingClientRect();
    const heading = 28; // a group's name stays in view above its first move
    if (place.top < view.top + heading) list.scrollTop -= view.top + heading - place.top;
    else if (place.bottom > view.bottom) list.scrollTop += place.bottom - view.bottom;
  }

  function press(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }[event.key];
    if (by && found.length) {
      const last = found.length - 1;
      let to = active ? found.indexOf(active) + by : by > 0 ? 0 : last;
      if (Math.abs(by) === 1) to = (to + found.length) % found.length;
      choose(found[Math.min(Math.max(to, 0), last)]);
    } else if (event.key === "Enter") {
      make();
    } else if (event.key === "Escape" && field.value) {
      clear();
    } else return;
    event.preventDefault();
  }

  function make() {
    if (active && act("move", { move: active.id })) clear();
  }

  function clear() {
    field.value = "";
    clearTimeout(timer);
    find();
  }

  return {
    field,
    element: h(
      "div",
      { class: "picker" },
      h("label", { for: field.id }, "Your next move"),
      field,
      how,
      list,
      none,
      preview,
      h("div", { class: "buttons" }, say),
    ),
    show(state, all) {
      moves = all.map((move) => ({
        ...move,
        open: state.open.includes(move.id),
        fits: state.fits.includes(move.id),
      }));
      find(); // what is being typed stays: a slow kernel must not swallow it
    },
    clear,
    stop: () => clearTimeout(timer),
  };
}

/** What one may ask about, what one may propose, each with its moves. */
function grouped(moves) {
  const groups = new Map();
  for (const move of moves) {
    groups.set(move.group, [...(groups.get(move.group) ?? []), move]);
  }
  return groups;
}

const SIGNS = { earned: "✓", lost: "✗", missed: "–" };
const ORDER = ["lost", "earned", "missed"];

/** Points with their sign, and one place at most: "+3.8", "−2" */
function change(amount) {
  const words = String(Math.abs(Math.round(10 * amount) / 10));
  return `${amount < 0 ? "−" : "+"}${words}`;
}

/** One dimension: what it came to, and why. */
function dimension(it) {
  const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("span", {}));
  bar.firstChild.style.inlineSize = `${(100 * it.points) / it.max_points}%`;
  const reasons = ORDER.flatMap((kind) => it.reasons.filter((reason) => reason.kind === kind));
  const items = reasons.map((reason) =>
    h(
      "li",
      { class: reason.kind },
      h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[reason.kind]),
      h("span", { class: "why" }, ...inline(reason.text)),
      h("span", { class: "change" }, reason.points ? change(reason.points) : ""),
    ),
  );
  const lost = reasons.some((reason) => reason.kind === "lost");
  return h(
    "details",
    { class: "dimension", open: lost ? "" : null },
    h(
      "summary",
      {},
      h("span", { class: "name" }, it.title),
      bar,
      h("span", { class: "total" }, `${it.points} of ${it.max_points}`),
    ),
    h("ul", { class: "reasons" }, ...items),
  );
}

/** A question that was not asked: the answer it would have had, and what that changes. */
function question(it) {
  return h(
    "li",
    {},
    h("strong", {}, ...inline(it.question)),
    h("p", {}, h("span", { class: "label" }, "The answer: "), ...inline(it.answer)),
    h("p", {}, h("span", { class: "label" }, "What it changes: "), ...inline(it.changes)),
  );
}

/** The score, what a strong candidate would have asked, and the design document. */
function outcome(id, act, announce) {
  const title = h("h4", { tabindex: "-1" });
  const summary = h("p", {});
  const rows = h("div", { class: "dimensions" });
  const missed = h("ul", { class: "unasked" });
  const none = h("p", {}, "You left none of them out.");
  const strong = h("ol", {});
  const text = h("pre", { tabindex: "0", role: "region", "aria-label": "Design document" });
  const copying = h("button", { type: "button", class: "quiet", onclick: copy }, "Copy");
  const writing = h("button", { type: "button", class: "quiet", onclick: () => act("write") });
  const written = h("span", { class: "hint" });

  async function copy() {
    try {
      await navigator.clipboard.writeText(text.textContent);
      tell("Copied.");
    } catch {
      window.getSelection().selectAllChildren(text); // the browser forbids it to us, not to you
      text.focus();
      tell("The text is selected: press Ctrl+C to copy it.");
    }
  }

  function tell(words) {
    written.textContent = words;
    announce(words);
  }

  const actions = h("div", {});
  let shown = ""; // the report as it stands: drawn anew, it would close what one has opened
  return {
    title,
    tell,
    actions,
    element: h(
      "div",
      { class: "report" },
      title,
      summary,
      actions,
      rows,
      h("h5", {}, "What a strong candidate would have asked"),
      none,
      missed,
      h(
        "details",
        {},
        h("summary", {}, "A strong candidate’s whole interview, move by move"),
        strong,
      ),
      h("h5", {}, "Your design document, begun"),
      h(
        "p",
        {},
        "Drafted from what you heard and proposed. The open places are yours to fill in.",
      ),
      h("div", { class: "buttons" }, copying, writing, written),
      text,
    ),
    show(state) {
      const { report } = state;
      title.textContent = `${report.points} of ${report.max_points} points`;
      writing.textContent = `Write ${state.file} beside the notebook`;
      written.textContent = state.written;
      if (shown === JSON.stringify([report, state.document])) return;
      shown = JSON.stringify([report, state.document]);
      const used = state.minutes - state.left;
      summary.textContent =
        `${plural(report.moves, "move")} in ${used} of ${state.minutes} minutes.` +
        (state.exercise ? " Handed in, it earns this share of the exercise’s points." : "");
      rows.replaceChildren(...report.dimensions.map(dimension));
      none.hidden = report.missed.length > 0;
      missed.replaceChildren(...report.missed.map(question));
      strong.replaceChildren(...report.strong.map((move) => h("li", {}, ...inline(move))));
      text.textContent = state.document;
    },
  };
}

/** What was played so far, the newest first, and which of it is handed in. */
function history(act) {
  const list = h("ol", { class: "plays" });
  const head = h("h4", {}, "Your interviews");
  const element = h("section", { class: "history", "aria-label": "Your interviews" }, head, list);

  function row(play, here) {
    if (play.broken) return h("li", {}, h("span", { class: "what" }, play.broken));
    const name = `${play.title}, seed ${play.seed}`;
    const open = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `${play.over ? "Show the report on" : "Go on with"} ${name}`,
        onclick: () => act("open", { play: play.number }),
      },
      play.over ? "Show the report" : "Go on",
    );
    const how = play.over
      ? `${play.points} of ${play.max_points} points`
      : `unfinished, ${plural(play.left, "minute")} left`;
    return h(
      "li",
      { "aria-current": here ? "true" : null },
      h("span", { class: "what" }, h("strong", {}, play.title), ` · seed ${play.seed}`),
      h("span", {}, how),
      h("span", { class: "counts" }, play.handed_in ? "✓ handed in" : ""),
      here ? h("span", { class: "hint" }, "shown above") : open,
    );
  }

  return {
    element,
    show(state) {
      element.hidden = !state.plays.length;
      const here = state.phase === "choose" ? null : state.number;
      list.replaceChildren(...state.plays.map((play) => row(play, play.number === here)));
    },
  };
}

function render({ model, el }) {
  const page = `${Date.now()}-${Math.random()}`;
  const id = `pitfalls-interview-${page.replace(/\D/g, "")}`;
  let sent = 0; // messages of this page
  let asked = null; // what the last one was about, until the kernel has replied
  let timer = 0;

  const status = h("div", { class: "unseen", role: "status" });
  const announce = (words) => {
    status.textContent = "";
    status.textContent = words;
  };

  function act(what, details = {}) {
    if (asked) return false; // one at a time: Enter pressed twice is no second move
    sent += 1;
    asked = what;
    saved.textContent = "Saving …";
    clearTimeout(timer);
    timer = setTimeout(silent, PATIENCE);
    model.send({ do: what, page, number: sent, ...details });
    return true;
  }

  function silent() {
    asked = null;
    saved.textContent = "";
    warn(NOT_SAVED);
  }

  function warn(words) {
    problem.textContent = words;
    problem.hidden = !words;
  }

  const title = h("h3", { id: `${id}-title`, tabindex: "-1" });
  const kind = h("p", { class: "kind" });
  const problem = h("p", { class: "problem", role: "alert", hidden: "" });
  const changed = h("p", { class: "problem changed", hidden: "" });
  const clock = h("p", { class: "clock", role: "timer", "aria-label": "Clock" });
  const gauge = h("div", { class: "gauge", "aria-hidden": "true" }, h("span", {}));
  const time = h("div", { class: "time" }, clock, gauge);
  const choice = room(id, model.get("_cases"), act);
  const log = transcript();
  const moves = picker(id, act, announce);
  const report = outcome(id, act, announce);
  const past = history(act);
  const dialog = confirmation(id);
  const talk = h("div", { class: "talk" }, moves.element);
  const said = h("details", { class: "said" }, h("summary", {}, "What was said"));
  const handing = h("button", { type: "button", onclick: askToHandIn }, "Hand in this interview");
  const counts = h("p", { class: "counts", tabindex: "-1" }, "✓ Handed in: this interview counts.");
  const again = h(
    "button",
    { type: "button", class: "quiet", onclick: () => act("again") },
    "Play again, with a new draw",
  );
  const leave = h("button", { type: "button", class: "quiet", onclick: () => act("choose") });
  const saved = h("span", { class: "saved" });
  const buttons = h("div", { class: "buttons" }, handing, counts, again, leave, saved);
  const foot = h("div", {});

  const root = h(
    "section",
    { class: "pitfalls-widget pitfalls-interview", "aria-labelledby": title.id },
    h("header", {}, kind, title, time),
    problem,
    changed,
    choice.element,
    talk,
    report.element,
    said,
    foot,
    past.element,
    dialog.element,
    status,
  );
  // Without this JupyterLab takes the arrow keys to go to another cell, and D D to delete this one.
  root.setAttribute("data-lm-suppress-shortcuts", "true");

  function askToHandIn() {
    const { number, handed_in: before } = model.get("_state");
    const instead = before ? " It takes the place of the one that you handed in before." : "";
    dialog.ask(
      "Hand in this interview?",
      `It is the one that counts when the notebook is submitted.${instead} Until then you may play ` +
        "again and hand in another one.",
      "Hand in",
      () => act("hand in", { play: number }),
    );
  }

  function show() {
    const state = model.get("_state");
    if ((state.seen[page] ?? 0) < sent) return; // the reply to a message before the last one
    clearTimeout(timer);
    root.dataset.phase = state.phase;
    const [choosing, playing, over] = ["choose", "play", "report"].map((it) => it === state.phase);
    const drawn = choosing ? "" : ` · seed ${state.seed}`;
    kind.textContent = `Interview simulation${drawn}`;
    title.textContent = choosing ? "The interviewer who will not help you" : state.title;
    choice.element.hidden = !choosing;
    time.hidden = talk.hidden = !playing;
    report.element.hidden = said.hidden = again.hidden = !over;
    if (playing) {
      clock.textContent = `${state.left} of ${state.minutes} minutes left`;
      gauge.firstChild.style.inlineSize = `${(100 * state.left) / state.minutes}%`;
      if (log.element.parentNode !== talk) talk.prepend(log.element);
      log.show(state);
      moves.show(state, model.get("_moves"));
    }
    if (over) {
      if (log.element.parentNode !== said) said.append(log.element);
      log.show(state);
      report.show(state);
    }
    const here = Boolean(state.exercise) && over;
    handing.hidden = !here || state.handed_in === state.number;
    counts.hidden = !here || state.handed_in !== state.number;
    leave.hidden = choosing || state.fixed;
    leave.textContent = playing ? "Leave it here, and choose a case" : "Choose a case";
    (over ? report.actions : foot).append(buttons); // below the score, or below the talk
    saved.textContent = state.problem || !state.number ? "" : "Kept in answers.json.";
    past.show(state);
    warn(state.problem);
    changed.textContent = state.changed ?? "";
    changed.hidden = !state.changed;
    const what = asked;
    asked = null;
    if (what) follow(what, state);
  }

  /** Lead to what came of the last action, or say it. */
  function follow(what, state) {
    if (what === "write") report.tell(state.written);
    else if (what === "hand in") (state.problem ? handing : counts).focus();
    else if (state.phase === "play") {
      if (what !== "move") moves.clear();
      moves.field.focus();
    } else if (state.phase === "report") report.title.focus();
    else choice.title.focus();
  }

  model.on("change:_state", show);
  el.append(root);
  show();
  return () => {
    clearTimeout(timer);
    moves.stop();
    model.off("change:_state", show);
  };
}

export default { render };
