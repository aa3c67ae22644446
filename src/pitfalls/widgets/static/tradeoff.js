// The tradeoff explorer: four sliders, and what they do to bias, variance and noise.
//
// 1. The samples: a seeded generator, so that a slider changes one thing and not the luck.
// 2. The fits: ridge polynomials, and the test error taken apart.
// 3. The picture: curves and bars.
// 4. The widget: controls, figures and words.

const FITS = 100; // samples, and fits to them
const MOST_ROWS = 200;
const MOST_DEGREE = 15;
const GRID = Float64Array.from({ length: 101 }, (_, i) => -1 + i / 50); // where fits are compared

/** The truth that the labels scatter around. */
export const truth = (x) => Math.sin(4 * x + 1);

// --- 1. the samples ---------------------------------------------------------------------------

/** Spread the bits of a whole number over 32 bits. */
function mix(bits) {
  let h = bits;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The i-th number of a stream: uniform between 0 and 1, and the same whenever it is asked for. */
export function uniform(stream, i) {
  return (mix(Math.imul(i + 1, 0x9e3779b9) ^ mix(stream + 1)) + 0.5) / 2 ** 32;
}

/** The first `count` normal numbers of two streams (Box and Muller's way). */
function normals(stream, count) {
  return Float64Array.from({ length: count }, (_, i) => {
    const length = Math.sqrt(-2 * Math.log(uniform(stream, i)));
    return length * Math.cos(2 * Math.PI * uniform(stream + 1, i));
  });
}

/** All the luck of a seed: where the x lie, the noise of their labels, and that of fresh labels. */
export function luck(seed) {
  const stream = 8 * seed;
  return {
    places: Float64Array.from({ length: FITS * MOST_ROWS }, (_, i) => uniform(stream, i)),
    noise: normals(stream + 1, FITS * MOST_ROWS),
    fresh: normals(stream + 3, FITS * GRID.length),
  };
}

/** Sample number `fit`: one x in each of `rows` equal cells of [-1, 1], and noisy labels. */
function sample({ places, noise }, fit, rows, sigma) {
  const from = fit * MOST_ROWS;
  const x = new Float64Array(rows);
  const y = new Float64Array(rows);
  for (let i = 0; i < rows; i += 1) {
    x[i] = -1 + (2 * (i + places[from + i])) / rows;
    y[i] = truth(x[i]) + sigma * noise[from + i];
  }
  return { x, y };
}

// --- 2. the fits ------------------------------------------------------------------------------

/**
 * Ridge coefficients: minimise RSS + λ · (sum of squares, the constant's coefficient left out).
 *
 * The columns of X are the Chebyshev polynomials T₀, T₁, ... at x. They are nearly orthogonal, so
 * the normal equations are safe here; and as Tⱼ · Tₖ = (T₍ⱼ₊ₖ₎ + T₍ⱼ₋ₖ₎) / 2, the sums of each T
 * over the rows make all of XᵀX.
 */
function ridge({ x, y }, degree, lam) {
  const sums = new Float64Array(2 * degree + 1);
  const c = new Float64Array(degree + 1); // Xᵀy, which turns into the coefficients
  for (let i = 0; i < x.length; i += 1) {
    const twice = 2 * x[i];
    const label = y[i];
    let before = x[i];
    let now = 1;
    for (let k = 0; k < sums.length; k += 1) {
      sums[k] += now;
      if (k <= degree) c[k] += now * label;
      const next = twice * now - before;
      before = now;
      now = next;
    }
  }
  const A = []; // its lower triangle
  for (let j = 0; j <= degree; j += 1) {
    A.push(new Float64Array(j + 1));
    for (let k = 0; k <= j; k += 1) A[j][k] = (sums[j + k] + sums[j - k]) / 2;
    if (j > 0) A[j][j] += lam;
  }
  solve(A, c);
  return c;
}

/** Turn c into the solution of A · solution = c, A positive definite (Cholesky); A is used up. */
function solve(A, c) {
  const last = c.length - 1;
  for (let i = 0; i <= last; i += 1) {
    const row = A[i];
    for (let j = 0; j < i; j += 1) {
      row[j] = (row[j] - dot(row, A[j], j)) / A[j][j];
    }
    row[i] = Math.sqrt(row[i] - dot(row, row, i));
    c[i] = (c[i] - dot(row, c, i)) / row[i];
  }
  for (let i = last; i >= 0; i -= 1) {
    for (let j = i + 1; j <= last; j += 1) c[i] -= A[j][i] * c[j];
    c[i] /= A[i][i];
  }
}

/** The product of two vectors, up to their entry number `size`. */
function dot(a, b, size) {
  let total = 0;
  for (let k = 0; k < size; k += 1) total += a[k] * b[k];
  return total;
}

/** The T of all degrees at the grid, one column each. */
const BASIS = [GRID.map(() => 1), GRID];
for (let k = 2; k <= MOST_DEGREE; k += 1) {
  BASIS.push(GRID.map((x, i) => 2 * x * BASIS[k - 1][i] - BASIS[k - 2][i]));
}

/** The fit with these coefficients at the grid. */
function curveOf(c) {
  const curve = new Float64Array(GRID.length);
  for (let k = 0; k < c.length; k += 1) {
    for (let i = 0; i < curve.length; i += 1) curve[i] += c[k] * BASIS[k][i];
  }
  return curve;
}

/**
 * Fit every sample, and take the test error apart.
 *
 * @param {{degree: number, noise: number, rows: number, lam: number}} settings
 * @param {ReturnType<typeof luck>} drawn
 * @returns curves (one a fit) and their mean at the grid, the first sample, and the figures,
 *   averages over the grid: bias2, variance, noise, their sum error, the error measured on fresh
 *   labels, and doubt, the standard error of measured - error, given the fits
 */
export function simulate({ degree, noise, rows, lam }, drawn) {
  const samples = Array.from({ length: FITS }, (_, fit) => sample(drawn, fit, rows, noise));
  const curves = samples.map((rows) => curveOf(ridge(rows, degree, lam)));
  const mean = GRID.map((_, i) => curves.reduce((total, curve) => total + curve[i], 0) / FITS);

  const count = FITS * GRID.length;
  let bias2 = 0;
  let variance = 0;
  let measured = 0;
  GRID.forEach((x, i) => {
    const f = truth(x);
    bias2 += (mean[i] - f) ** 2 / GRID.length;
    for (let fit = 0; fit < FITS; fit += 1) {
      const label = f + noise * drawn.fresh[fit * GRID.length + i];
      variance += (curves[fit][i] - mean[i]) ** 2 / count;
      measured += (label - curves[fit][i]) ** 2 / count;
    }
  });
  const sigma2 = noise ** 2;
  const error = bias2 + variance + sigma2;
  // of one label's square ε², and of its product with what the fit misses, 2ε(f - fit)
  const doubt = Math.sqrt((2 * sigma2 ** 2 + 4 * sigma2 * (bias2 + variance)) / count);
  const figures = { bias2, variance, noise: sigma2, error, measured, doubt };
  return { curves, mean, first: samples[0], figures };
}

// --- 3. the picture ---------------------------------------------------------------------------

const WIDE = 480; // of the curves, in the picture's own units
const HIGH = 300;
const TOP = 2.2; // the picture shows labels from -TOP to TOP
const SHOWN = 30; // fits that are drawn; all count

const toX = (x) => (WIDE * (x + 1)) / 2;
const toY = (y) => (HIGH * (TOP - Math.max(-50, Math.min(50, y)))) / (2 * TOP);
const place = (x, y) => `${Math.round(10 * toX(x)) / 10} ${Math.round(10 * toY(y)) / 10}`;

/** A curve through every point of the grid, or every second one. */
function path(curve, step = 1) {
  const places = [];
  for (let i = 0; i < curve.length; i += step) places.push(place(GRID[i], curve[i]));
  return `M${places.join("L")}`;
}

const dots = ({ x, y }) => Array.from(x, (at, i) => `M${place(at, y[i])}h0`).join("");

const BARS = [
  ["bias2", "bias²"],
  ["variance", "variance"],
  ["noise", "noise"],
  ["error", "sum of the three"],
  ["measured", "measured"],
];
const LEFT = 118; // where the bars begin
const LONG = 280; // of the longest bar
const STEP = 25; // from one bar to the next

/** The end of the bars' axis: the next number with one digit, or one and a half. */
function above(number) {
  const power = 10 ** Math.floor(Math.log10(number));
  return power * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((digit) => digit * power >= number);
}

// --- 4. the widget ----------------------------------------------------------------------------

/** A setting in at most three digits: 0.3, 30, 0.178. */
const brief = (number) => String(Number(number.toPrecision(3)));

/** A figure in three digits: 0.0900, 2.65, 1370. */
function digits(number) {
  if (number === 0 || number >= 1000) return String(Math.round(number));
  return number < 1e-4 ? number.toExponential(1) : number.toPrecision(3);
}

const LAMBDAS = [0, ...Array.from({ length: 21 }, (_, i) => Number(brief(10 ** (-3 + i / 4))))];
const TEMPLATE = `
  <div class="pictures">
    <svg class="curves" role="img" viewBox="0 0 ${WIDE} ${HIGH}">
      <path class="axis" d="M0 ${toY(0)}H${WIDE}M${toX(0)} 0V${HIGH}"></path>
      <g class="fits">${"<path></path>".repeat(SHOWN)}</g>
      <path class="sample"></path>
      <path class="truth" d="${path(GRID.map(truth))}"></path>
      <path class="mean"></path>
      <text x="${WIDE - 6}" y="${HIGH - 6}" text-anchor="end">x, from −1 to 1</text>
      <text x="${toX(0) + 5}" y="13">y, from −${TOP} to ${TOP}</text>
    </svg>
    <ul class="legend" role="list">
      <li><span class="key truth"></span> <span>truth</span></li>
      <li><span class="key mean"></span> <span>mean of ${FITS} fits</span></li>
      <li><span class="key fits"></span> <span>fits, ${SHOWN} of them</span></li>
      <li><span class="key sample"></span> <span>one of the samples</span></li>
    </ul>
    <svg class="bars" role="img" viewBox="0 0 ${WIDE} ${STEP * BARS.length + 22}">
      <defs></defs>
      ${BARS.map(bar).join("")}
      <path class="axis" d="M${LEFT} 0V${STEP * BARS.length}H${LEFT + LONG}v5"></path>
      <text class="end" x="${LEFT + LONG}" y="${STEP * BARS.length + 18}"></text>
      <text x="${LEFT}" y="${STEP * BARS.length + 18}" text-anchor="middle">0</text>
    </svg>
  </div>
  <div class="side">
    ${slider("degree", "Degree of the polynomial", 0, MOST_DEGREE, 1)}
    ${slider("noise", "Noise σ", 0, 1, 0.05)}
    ${slider("rows", "Rows in a sample", 20, MOST_ROWS, 5)}
    ${slider("lam", "Penalty λ of the ridge", 0, LAMBDAS.length - 1, 1)}
    <button type="button">Draw other samples</button>
    <p class="note">
      Bias² is the gap between mean and truth, variance the scatter of the fits around their mean;
      both squared, and averaged over x.
    </p>
  </div>
  <p class="status" role="status"></p>`;

function bar([name, words], i) {
  const y = i * STEP + 4;
  return `
    <text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${words}</text>
    <rect class="bar ${name}" x="${LEFT}" y="${y}" height="${STEP - 8}"></rect>
    <text class="number" data-figure="${name}" y="${y + 13}"></text>`;
}

function slider(name, words, min, max, step) {
  return `
    <label class="row">
      <span>${words}: <span class="value" data-setting="${name}"></span></span>
      <input type="range" name="${name}" min="${min}" max="${max}" step="${step}">
    </label>`;
}

/** Fills that differ in more than their colour; ids are the document's, so each view has its own. */
function patterns(id) {
  return `
    <pattern id="${id}-stripes" width="6" height="6" patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)"><rect width="4" height="6"></rect></pattern>
    <pattern id="${id}-dots" width="5" height="5" patternUnits="userSpaceOnUse">
      <circle cx="2.5" cy="2.5" r="1.4"></circle></pattern>`;
}

/** The picture as two sentences. */
function sentence({ degree, noise, rows, lam }, found) {
  const { bias2, variance, noise: floor, error, measured, doubt } = found;
  const larger =
    bias2 > 2 * variance
      ? "Bias outweighs variance: the fits agree, and miss the truth together."
      : variance > 2 * bias2
        ? "Variance outweighs bias: the fits are right on average, and disagree."
        : "Bias and variance are about equal.";
  return (
    `Degree ${degree}, noise ${brief(noise)}, ${rows} rows, λ = ${brief(lam)}: ` +
    `bias² ${digits(bias2)} + variance ${digits(variance)} + noise ${digits(floor)} = ` +
    `${digits(error)}. Measured on fresh labels: ${digits(measured)}, with a Monte-Carlo error of ` +
    `${brief(doubt)}. ${larger}`
  );
}

let views = 0;

function render({ model, el }) {
  views += 1;
  const id = `pitfalls-tradeoff-${views}`;
  const root = document.createElement("div");
  root.className = "pitfalls-widget pitfalls-tradeoff";
  root.innerHTML = TEMPLATE;
  for (const control of root.querySelectorAll("input, button")) {
    // else JupyterLab takes the arrow keys; it asks the control itself before what is around it
    control.dataset.lmSuppressShortcuts = "true";
  }
  el.append(root);
  const find = (selector) => root.querySelector(selector);
  find("defs").innerHTML = patterns(id);
  find(".bar.bias2").style.fill = `url(#${id}-stripes)`;
  find(".bar.noise").style.fill = `url(#${id}-dots)`;

  const names = ["degree", "noise", "rows", "lam"];
  const settings = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));

  // what a learner does becomes a change of the model; drawing follows from the model alone

  /** Saved at once: the kernel's echo of a value would otherwise undo what was set after it. */
  function change(name, value) {
    model.set(name, value);
    model.save_changes();
  }
  for (const input of root.querySelectorAll("input")) {
    input.addEventListener("input", () => {
      const position = Number(input.value);
      change(input.name, input.name === "lam" ? LAMBDAS[position] : position);
    });
  }
  find("button").addEventListener("click", () => change("seed", model.get("seed") + 1));

  // from the model to the page

  let drawn;
  let seed;
  function draw() {
    if (seed !== model.get("seed")) {
      seed = model.get("seed");
      drawn = luck(seed);
    }
    const now = settings();
    const { curves, mean, first, figures } = simulate(now, drawn);
    [...find(".fits").children].forEach((fit, i) => fit.setAttribute("d", path(curves[i], 2)));
    find(".mean").setAttribute("d", path(mean));
    find(".sample").setAttribute("d", dots(first));
    drawBars(figures);
    drawControls(now);
    const words = sentence(now, figures);
    find(".curves").setAttribute("aria-label", `Truth, ${FITS} fits and their mean. ${words}`);
    find(".bars").setAttribute("aria-label", `The terms of the test error as bars. ${words}`);
    clearTimeout(settling);
    settling = setTimeout(() => settle(words, figures), 150);
  }

  /** Each of the three terms begins where the one before ends, so that they add up by eye. */
  function drawBars(figures) {
    const end = above(Math.max(figures.error, figures.measured, 1e-6));
    const begin = { variance: figures.bias2, noise: figures.bias2 + figures.variance };
    for (const [name] of BARS) {
      const from = LEFT + (LONG * (begin[name] ?? 0)) / end;
      const length = (LONG * figures[name]) / end;
      find(`.bar.${name}`).setAttribute("x", from);
      find(`.bar.${name}`).setAttribute("width", length);
      const number = find(`[data-figure=${name}]`);
      number.setAttribute("x", from + length + 6);
      number.textContent = digits(figures[name]);
    }
    find(".end").textContent = brief(end);
  }

  function drawControls(now) {
    for (const input of root.querySelectorAll("input")) {
      const value = now[input.name];
      const position = input.name === "lam" ? nearest(value) : value;
      if (Number(input.value) !== position) input.value = position;
      input.setAttribute("aria-valuetext", brief(value));
      find(`[data-setting=${input.name}]`).textContent = brief(value);
    }
  }

  /** Once the hand rests: say what the picture shows, and tell Python. */
  function settle(words, figures) {
    find(".status").textContent = words;
    model.set("figures", figures);
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

  const watched = [...names, "seed"].map((name) => `change:${name}`);
  for (const event of watched) model.on(event, schedule);
  draw();
  return () => {
    clearTimeout(settling);
    for (const event of watched) model.off(event, schedule);
  };
}

/** The slider's position for a penalty. */
function nearest(lam) {
  const apart = LAMBDAS.map((other) => Math.abs(Math.log((lam + 1e-4) / (other + 1e-4))));
  return apart.indexOf(Math.min(...apart));
}

export default { render };
