/** What the widgets that ask and tell share: elements, words, and a question before it is too late. */

const PATIENCE = 5000; // ms without a reply before a learner is warned that nothing was saved
const NOT_SAVED =
  "Not saved: the kernel does not answer. If it is busy, wait for it; if it is gone, restart it " +
  "and run this cell again.";

/** A new element; strings among the children become text, never markup. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Words with `code`, **strong** and *stressed* parts. */
function inline(text) {
  return text.split(/(`[^`\n]+`|\*\*[^*\n]+\*\*|\*[^*\s][^*\n]*\*)/).map((piece) => {
    if (/^`.+`$/.test(piece)) return h("code", {}, piece.slice(1, -1));
    if (/^\*\*.+\*\*$/.test(piece)) return h("strong", {}, piece.slice(2, -2));
    if (/^\*.+\*$/.test(piece)) return h("em", {}, piece.slice(1, -1));
    return piece;
  });
}

function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** A question before something that counts. */
function confirmation(id) {
  const heading = h("h4", { id: `${id}-ask` });
  const text = h("p", { id: `${id}-ask-text` });
  const yes = h("button", { type: "button" });
  const no = h("button", { type: "button", class: "quiet" }, "Not yet");
  const dialog = h(
    "dialog",
    { "aria-labelledby": heading.id, "aria-describedby": text.id },
    heading,
    text,
    h("div", { class: "buttons" }, yes, no),
  );
  let agreed = () => {};
  no.addEventListener("click", () => dialog.close());
  yes.addEventListener("click", () => {
    dialog.close();
    agreed();
  });
  return {
    element: dialog,
    ask(title, words, label, then) {
      heading.textContent = title;
      text.textContent = words;
      yes.textContent = label;
      agreed = then;
      dialog.showModal();
      no.focus(); // the harmless choice
    },
  };
}
