/**
 * The quiz: shows what the kernel says, sends what the learner does.
 *
 * `_quiz` holds the questions; `_state` holds the answers, which of them can be read, and what may
 * be told of them. Nothing is scored here, and no key comes here before it is due.
 */

const KINDS = {
  single: "one answer",
  multiple: "several answers",
  numeric: "a number",
  order: "put in order",
};

const RULES = {
  multiple:
    "Points: the share of the right options that you tick, less the share of the wrong ones.",
  order: "Points: the more pairs of steps stand the right way round, the more you earn.",
};

const SIGNS = { right: "✓", partly: "◐", wrong: "✗", unanswered: "–" };
const WORDS = {
  right: "right",
  partly: "partly right",
  wrong: "not right",
  unanswered: "not answered",
};

/** Paragraphs, and blocks between lines of three backticks. */
function rich(text) {
  return text.split(/^```[ \t]*\n([^]*?)\n```[ \t]*$/m).flatMap((piece, i) => {
    if (i % 2) return [h("pre", {}, piece)];
    const paragraphs = piece.split(/\n\s*\n/).map((part) => part.trim());
    return paragraphs.filter(Boolean).map((part) => h("p", {}, ...inline(part)));
  });
}

/** 1 of 2 points */
function points(earned, of) {
  return `${earned} of ${plural(of, "point")}`;
}

function verdict(told) {
  if (!told.answered) return "unanswered";
  if (told.right) return "right";
  return told.points > 0 ? "partly" : "wrong";
}

/** An explanation below the line that says what it is about and whether that was right. */
function reason(item, ...line) {
  const kind = `reason ${item.right ? "right" : "wrong"}${item.chosen ? " chosen" : ""}`;
  return h("div", { class: kind }, h("p", { class: "mark" }, ...line), ...rich(item.why));
}

function sign(item) {
  return h("span", { class: "sign", "aria-hidden": "true" }, item.right ? "✓ " : "✗ ");
}

/**
 * The part of a question that takes the answer. Each kind returns its element and three functions:
 * `show(value, answered)` for what the kernel says, `tell(told)` for the explanations (null: none),
 * `lock(locked)`.
 */
function choice(question, id, send) {
  const type = question.kind === "single" ? "radio" : "checkbox";
  const inputs = new Map();
  const places = new Map();
  const list = h("ul", { class: "options" });
  for (const option of question.options) {
    const input = h("input", {
      type,
      name: id,
      value: option.id,
      onchange: () => {
        const picked = question.options.filter((o) => inputs.get(o.id).checked).map((o) => o.id);
        send(type === "radio" ? picked[0] : picked);
      },
    });
    const place = h("div", { id: `${id}-${option.id}-why` });
    inputs.set(option.id, input);
    places.set(option.id, place);
    const words = h("span", {}, ...inline(option.text));
    list.append(h("li", {}, h("label", {}, input, words), place));
  }
  return {
    element: list,
    show(value) {
      const picked = new Set([value ?? []].flat());
      for (const [option, input] of inputs) input.checked = picked.has(option);
    },
    tell(told) {
      const items = new Map((told?.reasons ?? []).map((item) => [item.id, item]));
      for (const [option, place] of places) {
        const item = items.get(option);
        place.replaceChildren(...(item ? [reason(item, sign(item), item.note)] : []));
        const input = inputs.get(option);
        if (item) input.setAttribute("aria-describedby", place.id);
        else input.removeAttribute("aria-describedby");
      }
    },
    lock(locked) {
      for (const input of inputs.values()) input.disabled = locked;
    },
  };
}

function numeric(question, id, send, check) {
  const hint = h("p", { class: "hint", id: `${id}-hint` });
  const reasons = h("div", { class: "reasons" });
  const input = h("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "40",
    "aria-describedby": hint.id,
    oninput: () => send(input.value.trim()),
    onkeydown: (event) => {
      if (event.key === "Enter" && check) check();
    },
  });
  const label = h("label", { class: "number" }, h("span", {}, "Your answer"), input);
  if (question.unit) label.append(h("span", { class: "unit" }, question.unit));
  return {
    element: h("div", {}, h("div", { class: "line" }, label, hint), reasons),
    show(value, answered) {
      if (input.value.trim() !== String(value ?? "")) input.value = value ?? "";
      const odd = input.value.trim() !== "" && !answered;
      input.toggleAttribute("aria-invalid", odd);
      if (odd) input.setAttribute("aria-invalid", "true");
      hint.textContent = odd
        ? "This cannot be read as a number. Write it as 0.25, 1/4 or 2.5e-3, with a point."
        : "For example 0.25, 1/4 or 2.5e-3.";
      hint.classList.toggle("odd", odd);
    },
    tell(told) {
      const items = told?.reasons ?? [];
      const line = (item) => [sign(item), h("strong", {}, item.text), ` — ${item.note}`];
      reasons.replaceChildren(...items.map((item) => reason(item, ...line(item))));
    },
    lock(locked) {
      input.disabled = locked;
    },
  };
}

function order(question, id, send, check, announce) {
  const hint = h("p", { class: "hint" });
  const reasons = h("div", { class: "reasons" });
  const list = h("ol", { class: "steps", "aria-label": "Your order of the steps" });
  const steps = new Map();
  let now = question.options.map((step) => step.id);

  function move(step, by) {
    const from = now.indexOf(step);
    const to = from + by;
    if (to < 0 || to >= now.length) {
      announce(`It is the ${by < 0 ? "first" : "last"} step already.`);
      return;
    }
    const focused = document.activeElement;
    now.splice(to, 0, ...now.splice(from, 1));
    arrange();
    focused?.focus(); // a node that is moved loses the focus
    announce(`Now step ${to + 1} of ${now.length}.`);
    send([...now]);
  }

  function arrange() {
    now.forEach((step, i) => {
      const { element, place, up, down } = steps.get(step);
      if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
      place.textContent = i + 1;
      up.setAttribute("aria-disabled", String(i === 0));
      down.setAttribute("aria-disabled", String(i === now.length - 1));
    });
  }

  for (const step of question.options) {
    const onkeydown = (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(step.id, by);
    };
    const button = (by, word, arrow) =>
      h(
        "button",
        {
          type: "button",
          class: "move",
          "aria-label": `Move ${word}: ${step.text}`,
          title: `Move ${word} (or press the arrow key)`,
          onclick: () => move(step.id, by),
          onkeydown,
        },
        h("span", { "aria-hidden": "true" }, arrow),
      );
    const place = h("span", { class: "place", "aria-hidden": "true" });
    const up = button(-1, "up", "↑");
    const down = button(1, "down", "↓");
    const words = h("span", { class: "words" }, ...inline(step.text));
    const moves = h("span", { class: "moves" }, up, down);
    const element = h("li", {}, place, words, moves);
    steps.set(step.id, { element, place, up, down, moves });
  }
  return {
    element: h("div", {}, list, hint, reasons),
    show(value, answered) {
      now = answered ? [...value] : question.options.map((step) => step.id);
      arrange();
      hint.textContent = answered
        ? "Move a step with its arrows, or with the arrow keys while one of them has the focus."
        : "Not answered yet: the order shown is not the right one. Move a step to begin.";
    },
    tell(told) {
      const items = told?.reasons ?? [];
      const line = (item) => [
        h("strong", {}, ...inline(item.text)),
        item.note && ` — ${item.note}`,
      ];
      reasons.replaceChildren(...items.map((item) => reason(item, ...line(item))));
    },
    lock(locked) {
      for (const step of steps.values()) step.moves.hidden = locked;
      hint.hidden = locked;
    },
  };
}

const INPUTS = { single: choice, multiple: choice, numeric, order };

/** One question with its buttons and what may be told of it. */
function card(question, number, id, graded, act, announce) {
  const check = graded ? null : () => act("checked", { question: question.id });
  const send = (value) => act("answer", { question: question.id, value });
  const field = INPUTS[question.kind](question, id, send, check, announce);
  const rule = h("p", { class: "rule" }, RULES[question.kind] ?? "");
  const text = h("div", { class: "text", id: `${id}-text` }, ...rich(question.text));
  const legend = h(
    "legend",
    { tabindex: "-1" },
    h("span", { class: "ordinal" }, `${number}.`),
    ` ${question.title} `,
    h(
      "span",
      { class: "worth" },
      (graded ? `${plural(question.points, "point")} · ` : "") + KINDS[question.kind],
    ),
  );
  const outcome = h("p", { class: "outcome" });
  const checking = h("button", { type: "button", onclick: check }, "Check this question");
  const showing = h(
    "button",
    { type: "button", class: "quiet", onclick: () => act("shown", { question: question.id }) },
    "Show the answer",
  );
  const element = h(
    "fieldset",
    { "aria-describedby": text.id },
    legend,
    ...(graded ? [outcome] : []), // a verdict comes before its reasons, a reply after its button
    text,
    field.element,
    rule,
    ...(graded ? [] : [h("div", { class: "buttons" }, checking, showing), outcome]),
  );
  return {
    question,
    element,
    legend,
    show(state, mine) {
      const answered = state.answered.includes(question.id);
      const told = state.told[question.id] ?? null;
      if (!mine) field.show(state.answers[question.id], answered);
      field.tell(told);
      field.lock(Boolean(state.handed_in));
      rule.hidden = !graded || Boolean(state.handed_in) || !rule.textContent;
      checking.disabled = !answered;
      checking.hidden = Boolean(told?.right);
      showing.hidden = !told || told.everything;
      const how = told ? verdict(told) : null;
      element.dataset.verdict = how ?? "";
      outcome.hidden = !told || (!graded && !told.answered);
      outcome.replaceChildren();
      if (!told) return;
      const words = WORDS[how][0].toUpperCase() + WORDS[how].slice(1);
      const earned = graded ? `, ${points(told.points, question.points)}` : "";
      outcome.append(
        h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[how]),
        h("strong", {}, ` ${words}${earned}.`),
        told.note ? ` ${told.note}` : "",
      );
    },
    outcome: () => outcome.textContent.replace(/^\S\s*/, ""),
  };
}

/** The little numbered buttons that lead to the questions. */
function overview(cards) {
  const buttons = cards.map((item, i) =>
    h("button", { type: "button", onclick: () => item.legend.focus() }, String(i + 1)),
  );
  const list = h("ol", {}, ...buttons.map((button) => h("li", {}, button)));
  return {
    element: h("nav", { "aria-label": "Questions" }, list),
    show(state) {
      cards.forEach(({ question }, i) => {
        const told = state.told[question.id];
        const answered = state.answered.includes(question.id);
        const how = told && (told.answered || state.handed_in) ? verdict(told) : null;
        const words = how ? WORDS[how] : answered ? "answered" : "not answered";
        buttons[i].dataset.state = how ?? (answered ? "answered" : "open");
        buttons[i].setAttribute("aria-label", `Question ${i + 1}, ${question.title}: ${words}`);
        buttons[i].replaceChildren(
          String(i + 1),
          h("span", { "aria-hidden": "true" }, how ? SIGNS[how] : answered ? "●" : "○"),
        );
      });
    },
  };
}

/** Which questions are open: "Questions 3 and 7 are not answered yet." */
function unanswered(numbers) {
  if (!numbers.length) return "All questions are answered.";
  if (numbers.length === 1) return `Question ${numbers[0]} is not answered yet.`;
  const last = numbers[numbers.length - 1];
  const most = numbers.slice(0, -1).join(", ");
  return `${numbers.length} questions are not answered yet: ${most} and ${last}.`;
}

function render({ model, el }) {
  const quiz = model.get("_quiz");
  const page = `${Date.now()}-${Math.random()}`;
  const id = `pitfalls-quiz-${page.replace(/\D/g, "")}`;
  let sent = 0; // messages of this page
  let typing = null; // the question whose answer is on its way
  let news = null; // what to say once the kernel has replied
  let timer = 0;

  const status = h("div", { class: "unseen", role: "status" });
  const announce = (words) => {
    status.textContent = "";
    status.textContent = words;
  };

  function act(what, details = {}) {
    sent += 1;
    typing = what === "answer" ? details.question : null;
    news = what === "answer" ? null : { what, question: details.question };
    saved.textContent = "Saving …";
    clearTimeout(timer);
    timer = setTimeout(silent, PATIENCE);
    model.send({ do: what, page, number: sent, ...details });
  }

  function silent() {
    warn(NOT_SAVED);
    saved.textContent = "";
  }

  function warn(words) {
    problem.textContent = words;
    problem.hidden = !words;
  }

  const cards = quiz.questions.map((question, i) =>
    card(question, i + 1, `${id}-${i}`, quiz.graded, act, announce),
  );
  const map = overview(cards);
  const dialog = confirmation(id);
  const title = h("h3", { id: `${id}-title`, tabindex: "-1" }, quiz.title);
  const tally = h("p", { class: "tally" });
  const problem = h("p", { class: "problem", role: "alert", hidden: "" });
  const verdictTitle = h("h4", { tabindex: "-1" });
  const verdictText = h("p");
  const result = h("div", { class: "result", hidden: "" }, verdictTitle, verdictText);
  const saved = h("span", { class: "saved" });
  const last = quiz.graded
    ? h("button", { type: "button", onclick: askToHandIn }, "Hand in")
    : h("button", { type: "button", class: "quiet", onclick: askToStartOver }, "Start over");
  const footer = h("div", { class: "footer" }, last, saved);
  const kind = quiz.graded ? `Graded quiz · ${plural(quiz.points, "point")}` : "Practice quiz";

  const root = h(
    "section",
    { class: "pitfalls-widget pitfalls-quiz", "aria-labelledby": title.id },
    h(
      "header",
      {},
      h("p", { class: "kind" }, kind),
      title,
      ...(quiz.about ? [h("p", { class: "about" }, ...inline(quiz.about))] : []),
      h("div", { class: "where" }, map.element, tally),
    ),
    problem,
    result,
    ...cards.map((item) => item.element),
    footer,
    dialog.element,
    status,
  );

  // Without this JupyterLab takes the arrow keys to go to another cell, and D D to delete this one.
  for (const element of root.querySelectorAll("button, input, dialog, [tabindex]")) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }

  function open() {
    const { answered } = model.get("_state");
    return cards.flatMap(({ question }, i) => (answered.includes(question.id) ? [] : [i + 1]));
  }

  function askToHandIn() {
    const words = `${unanswered(open())} Once handed in, answers cannot be changed.`;
    dialog.ask("Hand in this quiz?", words, "Hand in", () => act("hand in"));
  }

  function askToStartOver() {
    const words = "Your answers to this practice quiz will be cleared.";
    dialog.ask("Start over?", words, "Start over", () => act("start over"));
  }

  function show() {
    const state = model.get("_state");
    const due = (state.seen[page] ?? 0) >= sent;
    for (const item of cards) item.show(state, !due && item.question.id === typing);
    map.show(state);
    warn(state.problem);
    const count = quiz.questions.length;
    const told = Object.values(state.told);
    const right = told.filter((item) => item.right).length;
    tally.textContent = `${state.answered.length} of ${count} answered`;
    if (told.length) tally.textContent += ` · ${right} right`;
    result.hidden = !state.handed_in;
    last.hidden = quiz.graded && Boolean(state.handed_in);
    if (state.handed_in) {
      verdictTitle.textContent =
        state.points === null ? "Handed in" : `${points(state.points, quiz.points)}`;
      verdictText.textContent =
        state.points === null
          ? `Your answers are locked and travel with the assignment. ${state.later}`
          : `Handed in. ${right} of ${count} questions right. Every option is explained below.`;
    }
    if (!due) return;
    clearTimeout(timer);
    typing = null;
    saved.textContent = state.problem
      ? ""
      : state.handed_in
        ? "Answers are locked."
        : sent
          ? "Saved in answers.json."
          : "Answers are saved in answers.json as you give them.";
    follow();
  }

  /** Say, or lead to, what came of the last action. */
  function follow() {
    const { what, question } = news ?? {};
    news = null;
    const item = cards.find((other) => other.question.id === question);
    if (what === "checked") announce(`Question ${cards.indexOf(item) + 1}: ${item.outcome()}`);
    if (what === "shown") {
      announce("All explanations are shown.");
      item.legend.focus();
    }
    if (what === "hand in") verdictTitle.focus();
    if (what === "start over") title.focus();
  }

  show();
  model.on("change:_state", show);
  el.append(root);
  return () => {
    clearTimeout(timer);
    model.off("change:_state", show);
  };
}

export default { render };
