// The margin explorer: move points, and see what a support vector machine makes of them.
//
// 1. The machine: kernels and a solver, exact for the few points of a picture.
// 2. The picture: level lines of the score.
// 3. The widget: controls, points that can be moved, figures and words.

const PLANE = 4; // the picture shows both coordinates from -PLANE to PLANE
const KERNELS = { linear: "linear", poly: "polynomial", rbf: "RBF" };

// --- 1. the machine ---------------------------------------------------------------------------

/** The kernel k(x, z) that the settings name. */
export function kernelOf({ kernel, degree, gamma }) {
  const product = (x, z) => x[0] * z[0] + x[1] * z[1];
  if (kernel === "linear") return product;
  if (kernel === "poly") return (x, z) => (product(x, z) + 1) ** degree;
  return (x, z) => Math.exp(-gamma * ((x[0] - z[0]) ** 2 + (x[1] - z[1]) ** 2));
}

/**
 * Train a support vector machine: minimise ½ αᵀQα − Σα over 0 ≤ α ≤ C with Σ αy = 0.
 *
 * A primal-dual interior-point method. Besides α its unknowns are what the picture needs: the
 * offset b, how far each point is beyond its kerb (ahead), and how far it falls short (hinge). A
 * point has a say (α > 0) or is ahead, and it is at α = C or has no hinge: each step takes these
 * products a good way towards 0. Some thirty steps do, whatever C and the kernel are.
 *
 * @param {Array<[number, number, number]>} points coordinates and label, -1 or 1
 * @param {{C: number, kernel: string, degree: number, gamma: number}} settings
 * @returns null where a class is missing, else alpha, b, the margin of each point, the squared
 *   norm of the weights, the width of the margin (null where the weights are 0), the objective,
 *   its lower bound from the dual, and the indices of the support vectors
 */
export function solve(points, settings) {
  const y = points.map((point) => point[2]);
  if (!y.includes(1) || !y.includes(-1)) return null;
  const { C } = settings;
  const k = kernelOf(settings);
  const Q = points.map((x) => points.map((z) => x[2] * z[2] * k(x, z)));
  const alpha = points.map(() => C / 2);
  const ahead = points.map(() => 1);
  const hinge = points.map(() => 1);
  let b = 0;

  for (let step = 0; step < 100; step += 1) {
    const rest = alpha.map((a) => C - a); // the room up to C
    const product = (dot(alpha, ahead) + dot(rest, hinge)) / (2 * y.length);
    const unmet = Q.map((row, i) => dot(row, alpha) + y[i] * b - 1 - ahead[i] + hinge[i]);
    if (product < 1e-14 * C && Math.max(...unmet.map(Math.abs)) < 1e-9 * (1 + Math.abs(b))) break;

    const aim = 0.1 * product;
    const L = cholesky(
      Q.map((row, i) =>
        row.map((q, j) => (i === j ? q + ahead[i] / alpha[i] + hinge[i] / rest[i] : q)),
      ),
    );
    const pull = unmet.map((r, i) => aim / alpha[i] - ahead[i] - aim / rest[i] + hinge[i] - r);
    const u = backSolve(L, pull);
    const v = backSolve(L, y);
    const moveB = (dot(y, u) + dot(y, alpha)) / dot(y, v);
    if (!Number.isFinite(moveB)) break; // as far as rounding lets it go
    const move = u.map((entry, i) => entry - moveB * v[i]);
    const moveAhead = move.map((d, i) => (aim - ahead[i] * d) / alpha[i] - ahead[i]);
    const moveHinge = move.map((d, i) => (aim + hinge[i] * d) / rest[i] - hinge[i]);
    const back = move.map((d) => -d);
    const room = reach([alpha, move], [rest, back], [ahead, moveAhead], [hinge, moveHinge]);
    const length = Math.min(1, 0.99 * room);
    for (const i of y.keys()) {
      alpha[i] += length * move[i];
      ahead[i] += length * moveAhead[i];
      hinge[i] += length * moveHinge[i];
    }
    b += length * moveB;
  }

  const largest = Math.max(...alpha);
  const support = [...y.keys()].filter((i) => alpha[i] > ahead[i] * largest);
  alpha.forEach((_, i) => {
    if (!support.includes(i)) alpha[i] = 0;
  });
  const margins = Q.map((row, i) => dot(row, alpha) + y[i] * b);
  const squaredNorm = dot(alpha, Q.map((row) => dot(row, alpha)));
  const objective = squaredNorm / 2 + C * sum(hinge, (h) => h);
  return {
    alpha,
    b,
    margins,
    squaredNorm,
    width: squaredNorm > 1e-8 * objective ? 2 / Math.sqrt(squaredNorm) : null,
    objective,
    bound: sum(alpha, (a) => a) - squaredNorm / 2,
    support,
  };
}

/** How much of their moves positive numbers can take before one of them reaches 0. */
function reach(...pairs) {
  const limit = (a, d) => (d < 0 ? -a / d : Infinity);
  return Math.min(...pairs.flatMap(([from, move]) => from.map((a, i) => limit(a, move[i]))));
}

/** The lower triangle L with L Lᵀ = A, for a positive definite A. */
function cholesky(A) {
  const L = A.map((row) => row.map(() => 0));
  for (let i = 0; i < A.length; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let rest = A[i][j];
      for (let n = 0; n < j; n += 1) rest -= L[i][n] * L[j][n];
      L[i][j] = i === j ? Math.sqrt(rest) : rest / L[j][j];
    }
  }
  return L;
}

/** The x with L Lᵀ x = c. */
function backSolve(L, c) {
  const x = [...c];
  for (let i = 0; i < x.length; i += 1) {
    for (let j = 0; j < i; j += 1) x[i] -= L[i][j] * x[j];
    x[i] /= L[i][i];
  }
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = i + 1; j < x.length; j += 1) x[i] -= L[j][i] * x[j];
    x[i] /= L[i][i];
  }
  return x;
}

/** The score of any place, from the points that have a say. */
export function scoreOf(points, settings, solution) {
  const k = kernelOf(settings);
  const voters = solution.support.map((i) => points[i]);
  const votes = solution.support.map((i) => solution.alpha[i] * points[i][2]);
  return (z) => votes.reduce((total, vote, i) => total + vote * k(voters[i], z), solution.b);
}

function dot(a, b) {
  return a.reduce((total, entry, i) => total + entry * b[i], 0);
}

function sum(items, value) {
  return items.reduce((total, item) => total + value(item), 0);
}

// --- 2. the picture ---------------------------------------------------------------------------

const CELLS = 72; // the score is computed at the corners of CELLS × CELLS cells
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]]; // of a cell, in the order of its rim
const SIDE = 400; // of the picture, in its own units

const toPicture = ([x, y]) => [
  (SIDE * (x + PLANE)) / (2 * PLANE),
  (SIDE * (PLANE - y)) / (2 * PLANE),
];

/** The score at all corners, row by row from the top left. */
function sample(score) {
  const at = (i) => -PLANE + (2 * PLANE * i) / CELLS;
  const rows = Array.from({ length: CELLS + 1 }, (_, row) => -at(row));
  return rows.map((y) => rows.map((_, column) => score([at(column), y])));
}

/** Two SVG paths for a level: the line where the score is there, and the area where it is above. */
function level(values, wanted) {
  const line = [];
  const area = [];
  const size = SIDE / CELLS;
  for (let row = 0; row < CELLS; row += 1) {
    let since = null; // the first of a run of cells that are above the level altogether
    for (let column = 0; column <= CELLS; column += 1) {
      const there = column < CELLS ? CORNERS : []; // none beyond the last cell: it ends a run
      const corners = there.map(([x, y]) => values[row + y][column + x] - wanted);
      const above = corners.filter((height) => height > 0).length;
      if (above === 4) {
        since ??= column;
        continue;
      }
      if (since !== null) {
        area.push(`M${size * since} ${size * row}H${size * column}v${size}H${size * since}Z`);
        since = null;
      }
      if (above > 0) cut(corners, column, row);
    }
  }
  return { line: line.join(""), area: area.join("") };

  /** Follow the rim of a cell that the level runs through. */
  function cut(corners, column, row) {
    const outline = [];
    const crossings = [];
    CORNERS.forEach(([x, y], i) => {
      const [nextX, nextY] = CORNERS[(i + 1) % 4];
      const [height, next] = [corners[i], corners[(i + 1) % 4]];
      if (height > 0) outline.push([size * (column + x), size * (row + y)]);
      if (height > 0 === next > 0) return;
      const t = height / (height - next);
      const on = [size * (column + x + t * (nextX - x)), size * (row + y + t * (nextY - y))];
      outline.push(on);
      crossings.push(on);
    });
    for (let i = 0; i < crossings.length; i += 2) line.push(path(crossings.slice(i, i + 2)));
    area.push(`${path(outline)}Z`);
  }
}

function path(places) {
  return `M${places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
}

/** The way straight across the street of a linear machine, beside the middle of the points. */
function across(points, score, solution) {
  const w = [0, 1].map((axis) =>
    sum(solution.support, (i) => solution.alpha[i] * points[i][2] * points[i][axis]),
  );
  const middle = [0, 1].map((axis) => sum(points, (point) => point[axis]) / points.length);
  const kerb = (wanted) =>
    w.map((entry, axis) => {
      const climb = (wanted - score(middle)) / solution.squaredNorm;
      return middle[axis] + climb * entry;
    });
  return [kerb(-1), kerb(1)];
}

// --- 3. the widget ----------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const TEMPLATE = `
  <p class="how">
    Drag a point, or reach it with Tab and move it with the arrow keys (Shift: longer steps).
    Enter or a double click changes its class.
  </p>
  <div class="stage">
    <svg role="img" viewBox="0 0 ${SIDE} ${SIDE}">
      <g class="grid"></g>
      <path class="street" fill-rule="evenodd"></path>
      <path class="kerb negative"></path>
      <path class="kerb positive"></path>
      <path class="boundary"></path>
      <path class="across"></path>
      <g class="numbers"></g>
    </svg>
    <ul class="points" role="list"></ul>
  </div>
  <div class="side">
    <ul class="legend" role="list">
      <li><span class="key boundary"></span> boundary, where the score is 0</li>
      <li><span class="key positive"></span> kerb of class +1 ${marker(1)}</li>
      <li><span class="key negative"></span> kerb of class −1 ${marker(-1)}</li>
      <li>A ring marks a support vector; the street between the kerbs is shaded.</li>
    </ul>
    <label class="row">
      Points
      <select name="example"><option value="" disabled>your own</option></select>
    </label>
    <fieldset>
      <legend>Kernel</legend>
      ${Object.entries(KERNELS)
        .map(([id, name]) => `<label><input type="radio" value="${id}"> ${name}</label>`)
        .join("")}
    </fieldset>
    ${slider("C", "C, the price of a violation", -2, 3, 0.1)}
    ${slider("degree", "Degree of the polynomial", 2, 4, 1)}
    ${slider("gamma", "gamma of the RBF kernel", -2, 1, 0.1)}
    <dl>
      <dt>Width of the margin, 2/‖w‖</dt><dd data-figure="width"></dd>
      <dt>Objective, ½‖w‖² + C · hinges</dt><dd data-figure="objective"></dd>
      <dt>Support vectors</dt><dd data-figure="support"></dd>
      <dt>On their own side</dt><dd data-figure="correct"></dd>
    </dl>
  </div>
  <p class="status" role="status"></p>
  <details>
    <summary>All points as a table</summary>
    <table>
      <thead><tr><th>Point</th><th>Class</th><th>x₁</th><th>x₂</th><th>Role</th></tr></thead>
      <tbody></tbody>
    </table>
  </details>`;

function slider(name, words, min, max, step) {
  return `
    <label class="row" data-setting="${name}">
      <span>${words}: <span class="value"></span></span>
      <input type="range" name="${name}" min="${min}" max="${max}" step="${step}">
    </label>`;
}

/** A class's sign: a disc or a square, so that colour is never needed. */
function marker(label) {
  const shape =
    label > 0
      ? '<circle class="positive" cx="12" cy="12" r="6.5"></circle>'
      : '<rect class="negative" x="6" y="6" width="12" height="12"></rect>';
  return `<svg class="marker" viewBox="0 0 24 24" aria-hidden="true">
    <circle class="ring" cx="12" cy="12" r="10.5"></circle>${shape}</svg>`;
}

const KERB = 1e-4; // so far from it in score a point still stands on its kerb
const sign = (label) => (label > 0 ? "+1" : "−1");
const brief = (number) => String(Number(number.toPrecision(3)));
const place = (number) => (number === 0 ? 0 : number).toFixed(2).replace("-", "−");

/** What a point does for the margin, in words. */
function role(solution, i) {
  if (!solution) return "waits for the other class";
  const margin = solution.margins[i];
  if (solution.alpha[i] === 0) return "beyond its kerb, no say";
  if (margin > 1 - KERB) return "support vector, on its kerb";
  return margin > 0 ? "support vector, on the street" : "support vector, on the wrong side";
}

/** The picture as one sentence. */
function sentence(points, settings, solution) {
  if (!solution) return "All points are of one class: give one of them the other class.";
  const kernel = {
    linear: "linear kernel",
    poly: `polynomial kernel of degree ${settings.degree}`,
    rbf: `RBF kernel with gamma ${brief(settings.gamma)}`,
  }[settings.kernel];
  const count = solution.support.length;
  const inside = solution.margins.filter((margin) => margin < 1 - KERB).length;
  const wrong = solution.margins.filter((margin) => margin <= 0).length;
  const setting = `With the ${kernel} and C = ${brief(settings.C)}`;
  if (!solution.width) {
    return `${setting} the weights are 0: no boundary pays, and all points get the larger class.`;
  }
  return (
    `${setting} the margin is ${place(solution.width)} wide; ` +
    `${count} of ${points.length} points are support vectors: ${count - inside} on a kerb, ` +
    `${inside - wrong} on the street, ${wrong} on the wrong side.`
  );
}

let views = 0;

function render({ model, el }) {
  views += 1;
  const id = `pitfalls-margin-${views}`;
  const root = document.createElement("div");
  root.className = "pitfalls-widget pitfalls-margin";
  root.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes the arrow keys
  root.innerHTML = TEMPLATE;
  el.append(root);
  const find = (selector) => root.querySelector(selector);
  const stage = find(".stage");
  find(".how").id = `${id}-how`;
  drawGrid(find);

  const settings = () =>
    Object.fromEntries(["C", "kernel", "degree", "gamma"].map((name) => [name, model.get(name)]));
  const points = () => model.get("points");

  // what a learner does becomes a change of the model; drawing follows from the model alone

  /** Saved at once: the kernel's echo of a value would otherwise undo what was set after it. */
  function change(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  function replace(i, point) {
    change("points", points().map((old, n) => (n === i ? point : old)));
  }

  function move(i, x, y) {
    const kept = (value) => Math.round(Math.max(-PLANE, Math.min(PLANE, value)) * 100) / 100;
    replace(i, [kept(x), kept(y), points()[i][2]]);
  }

  function swap(i) {
    const [x, y, label] = points()[i];
    replace(i, [x, y, -label]);
  }

  function handle(i) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-describedby", `${id}-how`);
    button.addEventListener("pointerdown", (event) => button.setPointerCapture(event.pointerId));
    button.addEventListener("pointermove", (event) => {
      if (!button.hasPointerCapture(event.pointerId)) return;
      const box = stage.getBoundingClientRect();
      const right = (event.clientX - box.left) / box.width; // from 0 to 1
      const down = (event.clientY - box.top) / box.height;
      move(i, PLANE * (2 * right - 1), PLANE * (1 - 2 * down));
    });
    button.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault(); // the page stays where it is
      const step = event.shiftKey ? 0.5 : 0.1;
      move(i, points()[i][0] + step * arrow[0], points()[i][1] + step * arrow[1]);
    });
    button.addEventListener("dblclick", () => swap(i));
    button.addEventListener("click", (event) => {
      if (event.detail === 0) swap(i); // Enter, Space or a screen reader: not the mouse
    });
    item.append(button);
    return item;
  }

  function entry(i) {
    const row = document.createElement("tr");
    row.innerHTML = `<th scope="row">${i + 1}</th><td class="class"></td>
      <td><input type="number" min="-${PLANE}" max="${PLANE}" step="0.1"
        aria-label="x₁ of point ${i + 1}"></td>
      <td><input type="number" min="-${PLANE}" max="${PLANE}" step="0.1"
        aria-label="x₂ of point ${i + 1}"></td>
      <td class="role"></td>`;
    const inputs = [...row.querySelectorAll("input")];
    for (const input of inputs) {
      input.addEventListener("change", () => {
        const values = inputs.map((field) => field.valueAsNumber);
        if (values.every(Number.isFinite)) move(i, ...values);
        schedule();
      });
    }
    return row;
  }

  for (const name of Object.keys(model.get("examples"))) {
    find("select").add(new Option(name, name));
  }
  find("select").addEventListener("change", (event) =>
    change("points", model.get("examples")[event.target.value]),
  );
  for (const radio of root.querySelectorAll("[type=radio]")) {
    radio.name = `${id}-kernel`;
    radio.addEventListener("change", () => change("kernel", radio.value));
  }
  const logarithmic = (name) => name !== "degree";
  for (const input of root.querySelectorAll("[type=range]")) {
    input.addEventListener("input", () => {
      const value = Number(input.value);
      change(input.name, logarithmic(input.name) ? Number((10 ** value).toPrecision(3)) : value);
    });
  }

  // from the model to the page

  function draw() {
    const now = settings();
    const solution = solve(points(), now);
    drawPicture(now, solution);
    drawPoints(solution);
    drawControls(now);
    drawFigures(solution);
    clearTimeout(settling);
    settling = setTimeout(() => settle(now, solution), 150);
  }

  function drawPicture(now, solution) {
    const paths = { boundary: "", negative: "", positive: "", street: "", across: "" };
    if (solution?.width) {
      const score = scoreOf(points(), now, solution);
      const values = sample(score);
      const [below, middle, above] = [-1, 0, 1].map((score) => level(values, score));
      paths.negative = below.line;
      paths.boundary = middle.line;
      paths.positive = above.line;
      paths.street = below.area + above.area; // evenodd: above −1 and not above 1
      if (now.kernel === "linear") {
        paths.across = path(across(points(), score, solution).map(toPicture));
      }
    }
    for (const [name, d] of Object.entries(paths)) find(`path.${name}`).setAttribute("d", d);
    find(".stage svg").setAttribute(
      "aria-label",
      `Plane with ${points().length} points. ${sentence(points(), now, solution)}`,
    );
  }

  function drawPoints(solution) {
    const list = find(".points");
    const body = find("tbody");
    const all = points();
    if (list.children.length !== all.length) {
      list.replaceChildren(...all.map((_, i) => handle(i)));
      body.replaceChildren(...all.map((_, i) => entry(i)));
    }
    const positive = all.filter((point) => point[2] > 0).length;
    list.setAttribute(
      "aria-label",
      `Points: ${positive} of class +1, drawn as discs, ` +
        `${all.length - positive} of class −1, drawn as squares`,
    );
    all.forEach(([x, y, label], i) => {
      const button = list.children[i].firstChild;
      const [left, top] = toPicture([x, y]);
      button.style.left = `${(100 * left) / SIDE}%`;
      button.style.top = `${(100 * top) / SIDE}%`;
      const does = role(solution, i);
      button.classList.toggle("support", does.startsWith("support"));
      if (button.dataset.label !== String(label)) button.innerHTML = marker(label);
      button.dataset.label = label;
      button.setAttribute(
        "aria-label",
        `Point ${i + 1}, class ${sign(label)}, at ${place(x)}, ${place(y)}: ${does}`,
      );
      const row = body.children[i];
      row.querySelector(".class").textContent = sign(label);
      row.querySelector(".role").textContent = does;
      const inputs = row.querySelectorAll("input");
      [x, y].forEach((value, axis) => {
        if (inputs[axis].valueAsNumber !== value) inputs[axis].value = value;
      });
    });
  }

  function drawControls(now) {
    const here = JSON.stringify(points());
    const examples = Object.entries(model.get("examples"));
    const known = examples.find(([, example]) => JSON.stringify(example) === here);
    find("select").value = known ? known[0] : "";
    for (const radio of root.querySelectorAll("[type=radio]")) {
      radio.checked = radio.value === now.kernel;
    }
    const used = { C: true, degree: now.kernel === "poly", gamma: now.kernel === "rbf" };
    for (const input of root.querySelectorAll("[type=range]")) {
      const value = now[input.name];
      input.value = logarithmic(input.name) ? Math.log10(value) : value;
      input.setAttribute("aria-valuetext", brief(value));
      find(`[data-setting=${input.name}] .value`).textContent = brief(value);
      find(`[data-setting=${input.name}]`).hidden = !used[input.name];
    }
  }

  function drawFigures(solution) {
    const count = points().length;
    const right = solution && solution.margins.filter((margin) => margin > 0).length;
    const figures = {
      width: solution?.width && place(solution.width),
      objective: solution && place(solution.objective),
      support: solution && `${solution.support.length} of ${count}`,
      correct: solution && `${right} of ${count}`,
    };
    for (const [name, value] of Object.entries(figures)) {
      find(`[data-figure=${name}]`).textContent = value ?? "–";
    }
  }

  /** Once the hand rests: say what the picture shows, and tell Python. */
  function settle(now, solution) {
    find(".status").textContent = sentence(points(), now, solution);
    const told = solution && {
      width: solution.width,
      objective: solution.objective,
      support: solution.support,
    };
    model.set("figures", told ?? {});
    model.save_changes();
  }

  let settling;
  let waiting = false;
  function schedule() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }

  const watched = ["points", "C", "kernel", "degree", "gamma"].map((name) => `change:${name}`);
  for (const event of watched) model.on(event, schedule);
  draw();
  return () => {
    clearTimeout(settling);
    for (const event of watched) model.off(event, schedule);
  };
}

/** Lines at whole numbers, and the even ones named. */
function drawGrid(find) {
  const add = (group, name, attributes, text = "") => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.textContent = text;
    find(group).append(node);
  };
  for (let at = -PLANE; at <= PLANE; at += 1) {
    const [x, y] = toPicture([at, at]);
    add(".grid", "path", { d: `M${x} 0V${SIDE}M0 ${y}H${SIDE}`, class: at === 0 ? "axis" : "" });
    if (at % 2 || Math.abs(at) === PLANE) continue;
    const words = String(at).replace("-", "−");
    add(".numbers", "text", { x: x + 3, y: SIDE - 4 }, words);
    if (at) add(".numbers", "text", { x: 4, y: y - 3 }, words);
  }
  add(".numbers", "text", { x: SIDE - 18, y: SIDE - 4 }, "x₁");
  add(".numbers", "text", { x: 4, y: 14 }, "x₂");
}

export default { render };
