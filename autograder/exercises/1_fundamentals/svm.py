# %% [markdown]
# # Support vector machines: geometry first
#
# **Why an interviewer asks this.** The support vector machine is a whole course in one model: a picture, a constrained problem, a loss with a corner, a stochastic algorithm, a dual, and the kernel trick.
# Few people use it every day, so the question shows who can reason from a drawing and who recites "it maximises the margin".
# And the parts live on elsewhere: hinge losses rank search results, kernels are Gaussian processes in another coat, and "which training rows does this prediction rest on?" is asked of every model.
#
# The way, in the order in which you would draw it on a whiteboard:
#
# 1. **Geometry.** A line, a distance, a street between two classes.
# 2. **Training.** Mistakes get a price, the price has a corner, and one row at a time is enough.
# 3. **The other side.** The same machine written in rows in place of columns, then the kernel.
# 4. **Real data.** 41,858 diamonds, where a straight line fails and a bell helps, measured.
#
# Read, predict before you run, solve, check. If you are stuck, `hint("signed_distance")` gives a nudge, a stronger one, and one that is nearly there.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import optimize
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from pitfalls import load
from pitfalls.widgets import MarginExplorer

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
    }
)

# %% [markdown]
# ### Words and signs, stated once
# Labels are $y_i\in\{-1,+1\}$, never 0 and 1. The **score** of a place $x$ is $f(x) = w\cdot x + b$; the predicted class is its sign.
# `X` has shape $(n, p)$, `y` and all scores $(n,)$, `w` $(p,)$; `b` is a number. Inputs are NumPy arrays; leave them as they came and return something new.
#
# The **street** is the strip where $-1 \le f(x) \le 1$. Its two edges, $f(x) = 1$ and $f(x) = -1$, are the **kerbs**, its middle, $f(x)=0$, is the **boundary**.
# The **margin** is the width of the street. (Some books call half of it the margin: say which one you mean.)
#
# # Part 1 · Geometry
# ## 1.1 Play first
# Below, twelve points and the widest street that fits between them. **Before you touch it, predict:**
#
# 1. Take a point far from the street and move it about. What happens to the street?
# 2. Take a point with a ring and move it towards the other class. What happens?
# 3. Make C a hundred times smaller. Does the street get wider or narrower?

# %% tags=["illustration"]
explorer = MarginExplorer()
explorer

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# 1. Nothing, as long as the point stays beyond its kerb. The street does not know that it exists.
# 2. The street turns and narrows at once. It rests on the ringed points alone: they *support* it, hence the name.
# 3. Wider. Points that now stand on the street are charged for it, but at a price of C = 0.01 a wide street is worth the fine.
#
# Try also: the points "ring" with the linear kernel, then with RBF. And "overlap" with C from 0.01 to 1000.
# </details>
#
# The picture is computed in your browser. Never believe a picture that no library has seen: the next cell takes the points from the explorer, wherever you have left them, and asks scikit-learn.

# %% tags=["illustration"]
moved = np.array(explorer.points)
X_moved, y_moved = moved[:, :2], moved[:, 2]
extra = {
    "linear": {},
    "poly": {"degree": explorer.degree, "gamma": 1, "coef0": 1},
    "rbf": {"gamma": explorer.gamma},
}
model = SVC(
    kernel=explorer.kernel, C=explorer.C, tol=1e-6, max_iter=1_000_000, **extra[explorer.kernel]
)
model.fit(X_moved, y_moved)
votes = (model.decision_function(X_moved) - model.intercept_)[model.support_]
width = 2 / np.sqrt(model.dual_coef_[0] @ votes)  # why this is the width: part 3
print(f"scikit-learn: width {width:.6f}, support vectors {sorted(model.support_.tolist())}")
print(f"your browser: {explorer.figures or 'has not drawn it yet'}")

# %% [markdown]
# ## 1.2 How far is a point from a line?
# Everything starts here. The boundary is the set where $w\cdot x + b = 0$. Two facts make it friendly.
#
# **Fact 1: $w$ stands upright on it.** If $u$ and $v$ both lie on the boundary, then $w\cdot u + b = 0 = w\cdot v + b$, so $w\cdot(u - v) = 0$: every direction *along* the boundary is perpendicular to $w$.
#
# **Fact 2: walking along $w$ raises the score at a constant rate.** Start on the boundary at $x_0$ and walk a distance $d$ in the direction of $w$. The unit step is $w/\lVert w\rVert$, so you arrive at $x = x_0 + d\,w/\lVert w\rVert$, and
#
# $$f(x) = \underbrace{w\cdot x_0 + b}_{0} + d\,\frac{w\cdot w}{\lVert w\rVert} = d\,\lVert w\rVert .$$
#
# The score is not a distance. It is a distance *stretched by the length of $w$*. Turn it round and you have the distance, with its sign: positive on the side to which $w$ points.
#
# ### Worked example
# $w = (3, 4)$, so $\lVert w\rVert = 5$; $b = -5$; the point $(3, 4)$. Its score is $9 + 16 - 5 = 20$, so its distance is $20/5 = 4$.
# The cell below finds the nearest place on the boundary with a general-purpose optimiser that knows nothing of this argument.

# %% tags=["illustration"]
w, b, x = np.array([3.0, 4.0]), -5.0, np.array([3.0, 4.0])

on_boundary = {"type": "eq", "fun": lambda z: w @ z + b}
nearest = optimize.minimize(lambda z: (z - x) @ (z - x), x0=[0, 0], constraints=on_boundary).x
print(
    f"score {w @ x + b:.0f}, nearest place on the boundary {nearest.round(3)}, distance {np.linalg.norm(x - nearest):.3f}"
)
print(
    f"the way there, divided entry by entry by w: {((x - nearest) / w).round(3)}: the same multiple, so it runs along w"
)

# %% [markdown]
# ### Exercise: `signed_distance`
# Return the signed distance of every row of `X` from the boundary. The scores are there; one step is missing.
#
# *The check* asks for distances in the plane, then for a single row and for rows with more columns.


# %% ex="signed_distance" points=2
def signed_distance(w, b, X):
    """Distance of each row from the hyperplane w·x + b = 0, positive on the side w points to.

    w: (p,), b: number, X: (n, p). Returns (n,).
    """
    scores = X @ w + b  # (n, p) @ (p,) -> (n,)
    ### BEGIN SOLUTION
    return scores / np.sqrt(w @ w)
    ### END SOLUTION


# %% [markdown]
# ## 1.3 How wide is the street?
# There is a freedom to use up first. $(w, b)$ and $(2w, 2b)$ describe the *same* boundary: every score doubles, no sign changes. So we may choose the scale. The SVM chooses it such that **the nearest points have score +1 and −1**. The kerbs are where they are because we say so; what is left to find out is how far apart they lie.
#
# By 1.2 a place with score $s$ lies $s/\lVert w\rVert$ away from the boundary. Put in $s = 1$ and $s = -1$, and subtract.
#
# ### Exercise: `margin_width`
# Return the width of the whole street, from kerb to kerb. *The check* tries three vectors of different lengths.


# %% ex="margin_width" points=1
def margin_width(w):
    """Width of the street between the kerbs with score -1 and +1.

    w: (p,). Returns a number.
    """
    ### BEGIN SOLUTION
    length = np.sqrt(w @ w)
    return (1 - (-1)) / length
    ### END SOLUTION


# %% [markdown]
# A *steep* score (long $w$) makes a *narrow* street. To make the street wide, make $w$ short.
#
# ## 1.4 The hard margin
# Now the question can be written down. Among all $(w, b)$ that put every point beyond its own kerb, find the one with the widest street:
#
# $$\max_{w,b}\ \frac{2}{\lVert w\rVert}\quad\text{subject to}\quad y_i\,(w\cdot x_i + b) \ge 1\ \text{ for all } i .$$
#
# The product $y_i f(x_i)$ is called **the margin of row $i$**: how far it is on its own side, counted in score. At least 1 means beyond its kerb.
# A fraction is awkward to maximise. Its inverse squared is largest where the fraction is smallest, and a factor ½ costs nothing, so the same problem is
#
# $$\min_{w,b}\ \tfrac12\lVert w\rVert^2\quad\text{subject to}\quad y_i\,(w\cdot x_i + b) \ge 1 .$$
#
# That is a bowl over linear constraints: one lowest point, no local minima. An optimiser that has never heard of SVMs must find the same street as scikit-learn; a very high price C forbids violations and gives the hard margin.

# %% tags=["illustration"]
clouds = np.array(MarginExplorer("two clouds").points)
X2, y2 = clouds[:, :2], clouds[:, 2]  # (12, 2), (12,)


def hard_margin(X, y):
    """The hard margin by a general optimiser: w and b in one vector."""
    beyond = {"type": "ineq", "fun": lambda v: y * (X @ v[:2] + v[2]) - 1}
    return optimize.minimize(
        lambda v: v[:2] @ v[:2] / 2,
        x0=[1, 0, 0],
        jac=lambda v: np.array([v[0], v[1], 0]),
        constraints=beyond,
    ).x


general = hard_margin(X2, y2)
library = SVC(kernel="linear", C=1e6, tol=1e-8).fit(X2, y2)
print("general optimiser:", general.round(4), f" width {2 / np.linalg.norm(general[:2]):.4f}")
print(
    "scikit-learn:     ",
    np.append(library.coef_, library.intercept_).round(4),
    f" width {2 / np.linalg.norm(library.coef_):.4f}",
)

pushed = X2.copy()
pushed[5, 0] += 0.5
narrow = hard_margin(pushed, y2)
print(f"\none point of twelve moved by 0.5: width {2 / np.linalg.norm(narrow[:2]):.4f}")

# %% [markdown]
# That last line is the trouble with a hard margin. One point took a quarter of the street away; a point on the wrong side would take all of it, because then *no* line satisfies the constraints. Real data always has such a point.
#
# # Part 2 · Training
# ## 2.1 Mistakes get a price
# So let points break the rule and charge them. A row whose margin is $m = y f(x)$ lacks $1 - m$ to its kerb; beyond the kerb it lacks nothing. That charge is the **hinge**:
#
# $$\mathrm{hinge}(m) = \max(0,\ 1 - m) .$$
#
# ### Worked example
# Four rows of class +1, so that the margin is the score.
#
# | score | where it stands | hinge |
# |---|---|---|
# | 2.5 | beyond its kerb | max(0, −1.5) = 0 |
# | 1 | on its kerb | max(0, 0) = 0 |
# | 0.4 | right side, but on the street | 0.6 |
# | −2 | wrong side, beyond the other kerb | 3 |
#
# The third row is classified correctly and pays all the same. That is what makes the street wide and not merely the sign right.
#
# **Before you run** the next cell: four losses against the margin. At margin −2, which charges most? At margin +2, which one still charges at all?

# %% tags=["illustration"]
m = np.linspace(-2.5, 2.5, 501)
losses = {
    "0/1 error": ((m <= 0).astype(float), GREY, ":"),
    "hinge": (np.maximum(0, 1 - m), BLUE, "-"),
    "squared hinge": (np.maximum(0, 1 - m) ** 2, ORANGE, "--"),
    "logistic": (np.log1p(np.exp(-m)), GREY, "-."),
}
fig, ax = plt.subplots(figsize=(7, 3.6))
for name, (loss, colour, style) in losses.items():
    ax.plot(m, loss, style, color=colour, lw=2, label=name)
ax.axvline(1, color=GREY, lw=0.8)
ax.set(
    xlabel="margin of the row, y·f(x) (score)",
    ylabel="charge",
    ylim=(-0.1, 6),
    title="The hinge charges in proportion, and nothing beyond the kerb at margin 1",
)
ax.legend(frameon=False)
plt.show()

at = [np.argmin(np.abs(m + 2)), np.argmin(np.abs(m - 2))]
print(
    pd.DataFrame(
        {name: loss[at] for name, (loss, _, _) in losses.items()}, index=["margin -2", "margin +2"]
    ).round(3)
)

# %% [markdown]
# The squared hinge charges most, so a single far outlier can steer it. The logistic loss never stops charging, so *every* row keeps a say. Only the hinge is both proportional and silent beyond the kerb: that silence is why an SVM forgets most of its rows.
#
# The 0/1 error is what we mean, but it is flat: moving $w$ a little does not change it, so no slope says where to go. The hinge lies above it everywhere: push the hinges down and the errors go down with them.
#
# ## 2.2 The objective
# Two wishes, a wide street and few charges, and **C** says how many units of the first a unit of the second is worth:
#
# $$J(w, b) = \tfrac12\lVert w\rVert^2 + C\sum_{i=1}^n \max\bigl(0,\ 1 - y_i\,(w\cdot x_i + b)\bigr) .$$
#
# Three details that interviewers listen for.
#
# - The hinges are **summed**, as in scikit-learn's `SVC`. With a mean, the same C would mean something else for every sample size.
# - **b is free.** It moves the street and does not change its width, so nothing charges it.
# - **Large C = expensive violations = narrow street = little regularisation.** C is an inverse of the λ in ridge.
#
# ### Exercise: `hinge_loss`
# Return $J(w, b)$. The margins are there.
#
# *The check* first uses rows that are all beyond their kerb, where only the price of the weights is left (1 point), then rows of every kind (2 points).


# %% ex="hinge_loss" points=3
def hinge_loss(w, b, X, y, C):
    """The soft-margin objective: half the squared length of w, plus C for each unit of hinge.

    w: (p,), b: number, X: (n, p), y: (n,) of -1 and +1, C: number. Returns a number.
    """
    margins = y * (X @ w + b)  # (n,)
    ### BEGIN SOLUTION
    hinges = np.maximum(0, 1 - margins)  # (n,)
    return w @ w / 2 + C * hinges.sum()
    ### END SOLUTION


# %% [markdown]
# ### What C does
# Fourteen points that no line separates, and three prices. **Before you run:** in which of the three pictures is the street widest? In which are the most points support vectors?

# %% tags=["illustration"]
overlap = np.array(MarginExplorer("overlap").points)
X3, y3 = overlap[:, :2], overlap[:, 2]  # (14, 2), (14,)
mesh = np.stack(
    np.meshgrid(np.linspace(-4, 4, 161), np.linspace(-4, 4, 161)), axis=-1
)  # (161, 161, 2)


def draw(ax, model, X, y, mesh):
    """Boundary (thick), kerbs (thin), street (shaded), points (disc +1, square -1), supporters ringed."""
    scores = model.decision_function(mesh.reshape(-1, 2)).reshape(mesh.shape[:2])
    across, up = mesh[..., 0], mesh[..., 1]
    ax.contourf(across, up, np.abs(scores) < 1, levels=[0.5, 1.5], colors=["0.9"])
    ax.contour(across, up, scores, levels=[0], colors="black", linewidths=2.5)
    ax.contour(
        across, up, scores, levels=[-1, 1], colors=[ORANGE, BLUE], linewidths=1.2, linestyles="-"
    )
    ax.scatter(*X[y > 0].T, s=26, color=BLUE, marker="o")
    ax.scatter(*X[y < 0].T, s=26, color=ORANGE, marker="s")


fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.7), sharey=True)
for ax, C in zip(axes, (0.02, 0.5, 100), strict=True):
    model = SVC(kernel="linear", C=C, tol=1e-6).fit(X3, y3)
    draw(ax, model, X3, y3, mesh)
    ax.scatter(*model.support_vectors_.T, s=110, facecolors="none", edgecolors="black")
    wrong = (model.predict(X3) != y3).sum()
    ax.set(
        title=f"C = {C:g}: street {2 / np.linalg.norm(model.coef_):.2f} wide,\n{len(model.support_)} support vectors, {wrong} wrong",
        xlabel="x1",
    )
axes[0].set_ylabel("x2")
plt.tight_layout()
plt.show()

# %% [markdown]
# Left to right: violations get dearer, the street narrows, fewer points stand on it. Note what C does *not* do: the boundary itself turns only a little, and the number of wrong points hardly changes. C is a choice between a street that many points support and one that rests on a few.
#
# ## 2.3 A slope where there is a corner
# To train by descent we need the slope of $J$. Take one row at a time.
#
# - **The row pays** ($y f(x) < 1$): its charge is $C\,(1 - y\,(w\cdot x + b))$, whose slope is $-C\,y\,x$ with respect to $w$ and $-C\,y$ with respect to $b$.
# - **The row does not pay** ($y f(x) > 1$): the charge is flat, slope 0.
# - **Exactly on the kerb** ($y f(x) = 1$): a corner. There is no slope, but every line that touches the corner from below will do. Such a slope is called a **subgradient**: $g$ is one if, for every move $\delta$,
# $$J(v + \delta)\ \ge\ J(v) + g\cdot\delta .$$
#
# The price of the weights adds $w$ to the slope for $w$ (that is what the ½ is for), and nothing to the one for $b$.
#
# A corner sounds like a nuisance to be waved away. It is the heart of the matter, as the smallest SVM shows: one row $x = 1$ of class +1, no offset, $C = 2$.
#
# **Before you run:** $J(w) = \tfrac12 w^2 + 2\max(0, 1 - w)$. Where is it lowest, and what is its slope there?

# %% tags=["illustration"]
v = np.linspace(0, 2, 401)
J = v**2 / 2 + 2 * np.maximum(0, 1 - v)
fig, ax = plt.subplots(figsize=(6.5, 3.4))
ax.plot(v, J, color=BLUE, lw=2.5, label="J(w)")
for slope, style in ((-1, "--"), (0, "-"), (1, ":")):
    ax.plot(
        v, 0.5 + slope * (v - 1), style, color=ORANGE, lw=1.5, label=f"touches with slope {slope}"
    )
ax.set(
    xlabel="w",
    ylabel="J",
    ylim=(-0.3, 2.1),
    title="The lowest point is the corner at w = 1, and slope 0 is one of its slopes",
)
ax.legend(frameon=False)
plt.show()

for slope in (-1.2, -1, 0, 1, 1.2):
    print(
        f"slope {slope:+.1f} at w = 1: lies below J everywhere? {bool(np.all(J >= 0.5 + slope * (v - 1) - 1e-12))}"
    )

# %% [markdown]
# The minimum sits *on* the corner. Left of it the slope is −1, right of it +1, and any slope between is a subgradient, zero included: that is how you recognise the minimum of a function with corners.
# It is no accident: the street comes to rest where rows stand exactly on the kerb.
#
# ### Exercise: `hinge_subgradient`
# Return the slope of $J$ as **two things**: the slope for $w$, shape $(p,)$, and the slope for $b$, a number. A row exactly on its kerb may count as paying, as not paying, or as anything between.
#
# *The check* compares the slope for `w` (2 points) and the slope for `b` (1 point) with finite differences where there is no corner, and tries the definition above where there is one (1 point).


# %% ex="hinge_subgradient" points=4
def hinge_subgradient(w, b, X, y, C):
    """A subgradient of the soft-margin objective.

    w: (p,), b: number, X: (n, p), y: (n,) of -1 and +1, C: number.
    Returns (slope for w: (p,), slope for b: number).
    """
    ### BEGIN SOLUTION
    forces = y * (y * (X @ w + b) < 1)  # (n,): the label where the row pays, else 0
    return w - C * (X.T @ forces), -C * forces.sum()
    ### END SOLUTION


# %% [markdown]
# ## 2.4 Pegasos: one row at a time
# With a million rows a full sum for every step is wasteful. Pegasos (Shalev-Shwartz and others, 2007) looks at *one* row a step. It states the objective with a mean,
#
# $$P(w) = \tfrac{\lambda}{2}\lVert w\rVert^2 + \frac1n\sum_{i=1}^n\max(0,\ 1 - y_i\, w\cdot x_i),\qquad \lambda = \frac{1}{nC} .$$
#
# Multiply $P$ by $nC$ and you get $J$ without its $b$: the same minimiser, another scale. Where an offset is wanted, a **column of ones** goes into `X`, and its weight is charged like any other. (`LinearSVC` does just that; `SVC` does not. The cell after the exercise shows the difference.)
#
# **One step.** Pretend that row $i$ is the whole data set: the objective is $\tfrac\lambda2\lVert w\rVert^2 + \max(0, 1 - y_i\,w\cdot x_i)$. Its slope is $\lambda w$, and $-y_i x_i$ on top if the row pays. Walk against it with step length $\eta$:
#
# $$w \leftarrow w - \eta\,\lambda w + \begin{cases}\eta\, y_i x_i & \text{if } y_i\,w\cdot x_i < 1\\ 0 & \text{else.}\end{cases}$$
#
# Every step *shrinks* $w$ by the factor $1 - \eta\lambda$, whether the row pays or not; a row that pays also pulls $w$ to its side.
#
# **How long a step?** One row is a noisy stand-in for all, so a constant step never settles. Pegasos takes $\eta_t = \dfrac{1}{\lambda t}$ with $t = 1, 2, 3, \dots$ counted over *all* steps. (Early steps are huge: the first one wipes out the start altogether.)
#
# **In which order?** Tables come sorted: by date, by customer, by class. A long run of one class drags $w$ to its side. So shuffle: in every epoch visit each row once, in the order `rng.permutation(n)`.
#
# ### Exercise: `pegasos`
# Start from zeros, run `epochs` epochs, return the last `w`. Test whether a row pays with the `w` you arrive with, before you shrink it. Use only `rng` for randomness.
#
# *The check* computes $P$ at your `w` and asks that it be within 1 % of the minimum that `LinearSVC(loss="hinge", fit_intercept=False, C=1/(n*lam))` finds: on rows around the origin (3 points), and on rows with a column of ones, sorted by class (1 point). It does not ask for the same `w` to the last digit: another right way of stepping passes too.


# %% ex="pegasos" points=4
def pegasos(X, y, lam, epochs, rng):
    """Minimise lam/2 |w|^2 + mean hinge, one row a step.

    X: (n, p), y: (n,) of -1 and +1, lam: number, epochs: whole number, rng: numpy Generator.
    Returns w: (p,).
    """
    ### BEGIN SOLUTION
    n, p = X.shape
    w = np.zeros(p)
    t = 0
    for _ in range(epochs):
        for i in rng.permutation(n):
            t += 1
            eta = 1 / (lam * t)
            pays = y[i] * (X[i] @ w) < 1
            w = (1 - eta * lam) * w  # at every step
            if pays:
                w = w + eta * y[i] * X[i]
    return w
    ### END SOLUTION


# %% [markdown]
# **Before you run:** your `pegasos` on 300 simulated rows (simulated so that we may ask for as many as we like), with 1, 3, 10, 30 and 100 epochs. By what factor do you expect the excess over the minimum to shrink from 10 epochs to 100, if the steps shrink like $1/t$?

# %% tags=["illustration"]
rng = np.random.default_rng(5)
y_sim = np.repeat([-1, 1], 150)
X_sim = np.column_stack(
    [rng.normal(size=(300, 2)) + np.outer(y_sim, [0.9, 0.6]) + [1.0, 0.5], np.ones(300)]
)
lam = 0.05


def P(w):
    """The objective of Pegasos on the simulated rows."""
    return lam / 2 * w @ w + np.maximum(0, 1 - y_sim * (X_sim @ w)).mean()


floor = LinearSVC(
    loss="hinge",
    fit_intercept=False,
    C=1 / (300 * lam),
    tol=1e-8,
    max_iter=1_000_000,
    random_state=0,
)
lowest = P(floor.fit(X_sim, y_sim).coef_[0])
try:
    for epochs in (1, 3, 10, 30, 100):
        excess = [
            P(pegasos(X_sim, y_sim, lam, epochs, np.random.default_rng(seed))) / lowest - 1
            for seed in range(5)
        ]
        print(f"{epochs:>3} epochs: {np.median(excess):8.4%} above the minimum (median of 5 runs)")
except NotImplementedError:
    print("This cell uses your pegasos: come back when it is written.")

# %% [markdown]
# No run gets *below* the minimum, and the first few epochs do most of the work: that is the bargain of stochastic descent. Ten times the work buys about one more digit, sometimes more.
#
# And here is the trap about the offset that the text announced: two classes in scikit-learn, both "linear SVM with hinge loss and C = 1", on rows that lie far from the origin.

# %% tags=["illustration"]
shifted = X_sim[:, :2] + [10.0, 5.0]
free = SVC(kernel="linear", C=1).fit(shifted, y_sim)
charged = LinearSVC(loss="hinge", C=1, max_iter=1_000_000, random_state=0).fit(shifted, y_sim)
for name, model in (("SVC", free), ("LinearSVC", charged)):
    print(
        f"{name:<10} w = {model.coef_[0].round(3)}, b = {model.intercept_[0]:.3f}, right on {model.score(shifted, y_sim):.1%} of the rows"
    )

# %% [markdown]
# `LinearSVC` charges for $b$, so it prefers another plane when a large offset is needed. Centre your columns (a `StandardScaler` does) and the two agree much better. And its default loss is the *squared* hinge: two surprises in one class.
#
# ## 2.5 Who supports the street?
# Look at the slope once more: a row beyond its kerb contributes nothing, neither to the charge nor to the slope. Take it out of the data and the minimum stays where it is. The rows that do have a say are the **support vectors**:
#
# - rows **on** their kerb, $y f(x) = 1$: they hold the street in place;
# - rows **on the street**, $0 \le y f(x) < 1$: they pay, and pull;
# - rows **on the wrong side**, $y f(x) < 0$: they pay most. However far away they are, they count.
#
# One condition covers all three. A solver leaves rows on the kerb at 0.9999999998 or at 1.0000008 (libsvm, inside `SVC`, keeps its kernel in single precision), so allow a rounding of $10^{-5}$.
#
# ### Exercise: `support_vectors`
# Return the **row numbers** (counted from 0) of the support vectors of a fitted street.
#
# *The check* uses fits of scikit-learn on classes that overlap and on classes that do not.


# %% ex="support_vectors" points=2
def support_vectors(w, b, X, y):
    """Row numbers of the support vectors of the fitted street (w, b); kerbs count up to 1e-5.

    w: (p,), b: number, X: (n, p), y: (n,) of -1 and +1. Returns whole numbers.
    """
    ### BEGIN SOLUTION
    margins = y * (X @ w + b)
    return np.flatnonzero(margins <= 1 + 1e-5)
    ### END SOLUTION


# %% [markdown]
# The claim "the others can be deleted" is measured in one line:

# %% tags=["illustration"]
whole = SVC(kernel="linear", C=0.5, tol=1e-9).fit(X3, y3)
kept = SVC(kernel="linear", C=0.5, tol=1e-9).fit(X3[whole.support_], y3[whole.support_])
print(
    f"all {len(y3)} rows:                w = {whole.coef_[0].round(6)}, b = {whole.intercept_[0]:.6f}"
)
print(
    f"the {len(whole.support_)} support vectors alone: w = {kept.coef_[0].round(6)}, b = {kept.intercept_[0]:.6f}"
)

# %% [markdown]
# # Part 3 · The other side
# ## 3.1 The dual: rows in place of columns
# So far the unknowns were $p$ weights. There is a second way to write the same problem, with one unknown a *row*. It is worth the algebra: at the end the data appear only in inner products, and that opens the door to kernels.
#
# **Step 1, constraints again.** Write the hinge of row $i$ as a slack $\xi_i$ that must cover what the row lacks: minimise $\tfrac12\lVert w\rVert^2 + C\sum\xi_i$ subject to $y_i f(x_i) \ge 1 - \xi_i$ and $\xi_i \ge 0$.
#
# **Step 2, prices for constraints.** Attach $\alpha_i \ge 0$ to the first and $\mu_i \ge 0$ to the second:
# $$L = \tfrac12\lVert w\rVert^2 + C\sum_i\xi_i - \sum_i\alpha_i\,\bigl(y_i(w\cdot x_i + b) - 1 + \xi_i\bigr) - \sum_i\mu_i\xi_i .$$
#
# **Step 3, flat in $w$, $b$ and $\xi$.**
# $$\frac{\partial L}{\partial w} = 0:\ \ w = \sum_i\alpha_i y_i x_i \qquad \frac{\partial L}{\partial b} = 0:\ \ \sum_i\alpha_i y_i = 0 \qquad \frac{\partial L}{\partial\xi_i} = 0:\ \ \alpha_i = C - \mu_i \le C .$$
#
# The first is the surprise: **the weights are a sum of rows.** The last puts each $\alpha_i$ between 0 and C.
#
# **Step 4, put back in.** $w$, $b$ and $\xi$ drop out, and what is left is to be *maximised*:
# $$\max_\alpha\ \sum_i\alpha_i - \tfrac12\sum_{i,j}\alpha_i\alpha_j\,y_iy_j\,(x_i\cdot x_j)\quad\text{subject to}\quad 0\le\alpha_i\le C,\ \sum_i\alpha_iy_i = 0 .$$
#
# **Step 5, who gets which α?** At the optimum a price is paid only for a constraint that binds: $\alpha_i\,(y_if(x_i) - 1 + \xi_i) = 0$ and $\mu_i\xi_i = 0$. Read off:
#
# | $\alpha_i$ | where the row is |
# |---|---|
# | 0 | beyond its kerb |
# | between 0 and C | exactly on its kerb |
# | C | on the street or on the wrong side |
#
# That is 2.5 again, with numbers. (And the corner of 2.3: $\alpha_i/C$ is the slope that the optimum picks at row $i$'s corner.) Now the steps, checked on the fourteen points:

# %% tags=["illustration"]
C = 0.5
model = SVC(kernel="linear", C=C, tol=1e-9).fit(X3, y3)
alpha = np.zeros(len(y3))
alpha[model.support_] = np.abs(model.dual_coef_[0])  # dual_coef_ holds alpha times y

w_sum = (alpha * y3) @ X3  # step 3
hinges = np.maximum(0, 1 - y3 * model.decision_function(X3))
primal = w_sum @ w_sum / 2 + C * hinges.sum()
dual = alpha.sum() - (alpha * y3) @ (X3 @ X3.T) @ (alpha * y3) / 2
print(f"step 3: sum of alpha y x = {w_sum.round(6)}, the library's w = {model.coef_[0].round(6)}")
print(f"        sum of alpha y   = {alpha @ y3:.1e}, largest alpha {alpha.max():.3f} with C = {C}")
print(f"step 4: the dual reaches {dual:.6f}, the objective is {primal:.6f}")
table = pd.DataFrame({"alpha": alpha, "margin y f(x)": y3 * model.decision_function(X3)}).round(4)
print("step 5:\n" + table.sort_values("margin y f(x)").to_string())

# %% [markdown]
# The two optima meet: every dual value is a *lower bound* of the objective, so equality proves that both are solved. (The tests of the explorer hold it to that.)
#
# **Deciding with rows.** Put $w = \sum\alpha_iy_ix_i$ into the score of a new place $z$:
# $$f(z) = \sum_i\alpha_i y_i\,(x_i\cdot z) + b .$$
# Each training row votes for its own class, as loudly as $\alpha_i$ says and as much as it resembles $z$. Most votes are silent.
#
# ### Exercise: `dual_decision`
# The inner products come precomputed: `K[i, j]` compares **training row i with new row j**, shape $(n, m)$. Return the scores of the $m$ new rows. (`alpha` holds the α, all of them, zeros included, *without* the labels.)
#
# *The check* uses four new rows, then as many new rows as training rows.


# %% ex="dual_decision" points=2
def dual_decision(alpha, y, b, K):
    """Scores of new rows from the dual solution.

    alpha: (n,), y: (n,) of -1 and +1, b: number, K: (n, m), training rows by new rows.
    Returns (m,).
    """
    ### BEGIN SOLUTION
    votes = alpha * y  # (n,)
    return votes @ K + b  # (n,) @ (n, m) -> (m,)
    ### END SOLUTION


# %% [markdown]
# ## 3.2 The kernel trick
# Here are nine numbers on a line, +1 outside and −1 inside. No threshold separates them. Give each a second coordinate, its square. **Before you run:** sketch the nine points $(x, x^2)$. Does a straight line separate them now?

# %% tags=["illustration"]
line = np.array([-2, -1.6, -1.2, -0.6, -0.1, 0.5, 1.1, 1.5, 2])
outer = np.abs(line) > 1
lifted = np.column_stack([line, line**2])
fitted = SVC(kernel="linear", C=1e6).fit(lifted, np.where(outer, 1, -1))
height = -(fitted.coef_[0, 0] * line + fitted.intercept_[0]) / fitted.coef_[0, 1]

fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.2))
for ax, second in ((left, np.zeros(9)), (right, line**2)):
    ax.scatter(line[outer], second[outer], color=BLUE, marker="o", s=45, label="class +1")
    ax.scatter(line[~outer], second[~outer], color=ORANGE, marker="s", s=45, label="class -1")
left.set(xlabel="x", yticks=[], title="On the line: no threshold separates them", ylim=(-1, 1))
left.legend(frameon=False)
right.plot(line, height, color="black", lw=2)
right.set(xlabel="x", ylabel="x squared", title="Lifted to (x, x²): a straight line does")
plt.tight_layout()
plt.show()

# %% [markdown]
# So: invent features, then stay linear. With $p$ columns and all products up to degree $d$ there are $\binom{p+d}{d}$ of them:

# %% tags=["illustration"]
from math import comb

for p in (2, 10, 100, 1000):
    print(
        f"{p:>5} columns: {comb(p + 2, 2):>12,} features of degree 2, {comb(p + 3, 3):>14,} of degree 3"
    )

# %% [markdown]
# Too many to write down. But the dual never asks for the features $\phi(x)$ themselves, only for **inner products** $\phi(x)\cdot\phi(z)$. And these can be had without ever building $\phi$.
#
# ### Worked example
# Take $K(x, z) = (x\cdot z)^2$ in two columns and expand it:
#
# $$(x_1z_1 + x_2z_2)^2 = x_1^2z_1^2 + 2\,x_1x_2\,z_1z_2 + x_2^2z_2^2 .$$
#
# Split each term into a part made of $x$ and the same part made of $z$. The 2 in the middle must be shared: $\sqrt2\,x_1x_2$ and $\sqrt2\,z_1z_2$. So
# $\phi(x) = (x_1^2,\ \sqrt2\,x_1x_2,\ x_2^2)$. With $x = (1, 2)$ and $z = (3, -1)$ the kernel says $(3 - 2)^2 = 1$, and the features say:

# %% tags=["illustration"]
phi_x = np.array([1**2, np.sqrt(2) * 1 * 2, 2**2])
phi_z = np.array([3**2, np.sqrt(2) * 3 * (-1), (-1) ** 2])
print(f"{phi_x.round(3)} · {phi_z.round(3)} = {phi_x @ phi_z:.12f}")

# %% [markdown]
# ### Exercise: `kernel_trick_features`
# Now the same for $K(x, z) = (x\cdot z + 1)^2$, with any number of columns: return features $\phi$, one row for each row of `X`, such that `phi(x) @ phi(z)` equals $(x\cdot z + 1)^2$. Expand $(a + 1)^2$ first, with $a = x\cdot z$; then proceed as in the example. Each row's features come from that row alone; their order is yours.
#
# *The check* compares all inner products of your features with the kernel: for two columns (1 point), for any number of columns (1 point).


# %% ex="kernel_trick_features" points=2
def kernel_trick_features(X):
    """Explicit features of the kernel (x·z + 1)².

    X: (n, p). Returns (n, number of features).
    """
    ### BEGIN SOLUTION
    n, p = X.shape
    first, second = np.triu_indices(p, k=1)  # each pair of different columns once
    products = X[:, first] * X[:, second]
    return np.column_stack([np.ones(n), np.sqrt(2) * X, X**2, np.sqrt(2) * products])
    ### END SOLUTION


# %% [markdown]
# If the features are right, a **linear** SVM on them and an SVM with the **kernel** on the raw columns are one and the same machine:

# %% tags=["illustration"]
corners = np.array(MarginExplorer("corners").points)
X4, y4 = corners[:, :2], corners[:, 2]
probe = np.random.default_rng(0).uniform(-4, 4, size=(1000, 2))
with_kernel = SVC(kernel="poly", degree=2, gamma=1, coef0=1, C=1, tol=1e-8).fit(X4, y4)
try:
    with_features = SVC(kernel="linear", C=1, tol=1e-8).fit(kernel_trick_features(X4), y4)
    apart = with_kernel.decision_function(probe) - with_features.decision_function(
        kernel_trick_features(probe)
    )
    print(f"largest difference of the scores at 1,000 places: {np.abs(apart).max():.1e}")
except NotImplementedError:
    print("This cell uses your kernel_trick_features: come back when it is written.")

# %% [markdown]
# Which functions may serve as a kernel? Those that *are* an inner product of some features. The test: for any rows, the matrix $K$ is symmetric and none of its eigenvalues is negative (Mercer's condition). Then the dual stays a bowl.
#
# ## 3.3 The RBF kernel
# The most used kernel compares by distance:
#
# $$K(x, z) = \exp\bigl(-\gamma\,\lVert x - z\rVert^2\bigr) .$$
#
# It is a bell: 1 for a row with itself, fading to 0 with distance. Its features are infinitely many (expand the exponential: every power appears), and nobody ever needs them. A prediction is a sum of bells that stand on the support vectors.
#
# **Mind γ.** Written as a normal density the bell has a width σ: $\exp(-\lVert x-z\rVert^2/2\sigma^2)$. So $\gamma = 1/(2\sigma^2)$. **Before you run:** of γ = 0.1, 1 and 10, which bell is the narrowest?

# %% tags=["illustration"]
d = np.linspace(0, 4, 401)
fig, ax = plt.subplots(figsize=(6.5, 3.2))
for g, colour, style in ((0.1, BLUE, "-"), (1, ORANGE, "--"), (10, GREY, "-.")):
    sigma = np.sqrt(1 / (2 * g))
    ax.plot(d, np.exp(-g * d**2), style, color=colour, lw=2, label=f"γ = {g:g}, σ = {sigma:.2f}")
ax.set(
    xlabel="distance between x and z",
    ylabel="K(x, z)",
    title="A large γ makes a narrow bell: only near neighbours count",
)
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# A wide bell (small γ) lets far rows vote: smooth, in the end almost a straight line. A narrow bell (large γ) lets each support vector rule over its own island: in the end the training rows learnt by heart.
#
# **All pairs at once.** `K` has $n\times m$ entries, and every SVM spends its time filling it. The obvious ways are the slow one (a Python loop over pairs) and the greedy one (`X[:, None] - Z[None]`, an array of $n\times m\times p$ numbers). The way out is to expand the square:
#
# $$\lVert x - z\rVert^2 = x\cdot x - 2\,x\cdot z + z\cdot z .$$
#
# The first term belongs to the rows of `X` (a column of $n$ numbers), the last to those of `Z` (a row of $m$ numbers), and all the middle terms together are one matrix product. Broadcasting adds them up.
#
# ### Exercise: `rbf_kernel`
# Return `K` of shape $(n, m)$: row $i$ of `X` against row $j$ of `Z`.
#
# *The check* asks for the values (1 point), for little memory: at most 15 MB on 300 × 300 rows of 50 columns, where all differences at once take 36 (1 point), and for no loop over pairs: at most 0.3 s of processor time on 500 × 500 rows of 30 columns (1 point). A loop over rows alone is fine.


# %% ex="rbf_kernel" points=3
def rbf_kernel(X, Z, gamma):
    """exp(-gamma |x - z|²) for all pairs of rows.

    X: (n, p), Z: (m, p), gamma: number. Returns (n, m).
    """
    ### BEGIN SOLUTION
    of_x, of_z = (X**2).sum(axis=1), (Z**2).sum(axis=1)  # (n,), (m,)
    squared = of_x[:, None] - 2 * (X @ Z.T) + of_z[None, :]  # (n, m)
    return np.exp(-gamma * np.maximum(squared, 0))  # rounding may leave -1e-16
    ### END SOLUTION


# %% [markdown]
# Is it a kernel, as the last section asked? And what is left of it at the two ends of γ? scikit-learn's own version on the fourteen points:

# %% tags=["illustration"]
from sklearn.metrics import pairwise

for g in (1e-4, 0.5, 1e4):
    K = pairwise.rbf_kernel(X3, gamma=g)
    eigenvalues = np.linalg.eigvalsh(K)
    others = K[~np.eye(len(K), dtype=bool)]
    print(
        f"γ = {g:<6g} smallest eigenvalue {eigenvalues[0]:8.1e}, entries off the diagonal {others.min():.3f} to {others.max():.3f}"
    )

# %% [markdown]
# No negative eigenvalue beyond rounding. At a tiny γ all rows look alike; at a huge one every row is like itself alone, and nothing can be learnt for any other place.
#
# # Part 4 · Real data
# ## 4.1 Where a straight line fails
# `diamonds` grades the *cut* of each stone. A well-cut stone is neither too deep nor too shallow (its `depth`, in percent of its width), and its flat top is neither too large nor too small (`table`, in percent as well). "Neither too … nor too …" is exactly what a straight boundary cannot say.
#
# Take the two better grades, Premium and Ideal, as class +1, and the two worst, Fair and Good, as class −1; Very Good is left out, and the two classes are drawn with equal shares, so guessing is right half the time. 400 rows to train, 1,000 to choose with, 2,400 kept for the very end.

# %% tags=["illustration"]
diamonds = load("diamonds")
stones = diamonds[diamonds.cut.isin(["Fair", "Good", "Premium", "Ideal"])]
label = np.where(stones.cut.isin(["Premium", "Ideal"]), 1, -1)
rng = np.random.default_rng(0)
drawn = np.concatenate(
    [rng.choice(np.flatnonzero(label == c), 1900, replace=False) for c in (-1, 1)]
)
rng.shuffle(drawn)

X, y = stones[["depth", "table"]].to_numpy()[drawn], label[drawn]
train, validation, test = np.split(np.arange(len(y)), [400, 1400])
print(
    f"{len(stones):,} stones; drawn {len(y):,}: {len(train)} train, {len(validation)} validation, {len(test)} test"
)

seen = {tuple(row) for row in X[train]}
print(
    f"test rows with the same depth and table as some training row: {np.mean([tuple(row) in seen for row in X[test]]):.0%}"
)

# %% [markdown]
# That last figure is worth a thought before any model: both columns are rounded, so many test rows sit exactly where a training row sits. A model that learns rows by heart is flattered by such data; remember it when you read the scores.
#
# **Before you run:** linear or RBF, same C. How many percent right would you guess for each on the validation rows?

# %% tags=["illustration"]
linear = make_pipeline(StandardScaler(), SVC(kernel="linear", C=1)).fit(X[train], y[train])
bells = make_pipeline(StandardScaler(), SVC(kernel="rbf", C=1, gamma=1)).fit(X[train], y[train])
window = np.stack(np.meshgrid(np.linspace(55, 72, 171), np.linspace(50, 70, 161)), axis=-1)

fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.2), sharey=True)
for ax, model, name in zip(axes, (linear, bells), ("linear", "RBF, γ = 1"), strict=True):
    draw(ax, model, X[train], y[train], window)
    right = model.score(X[validation], y[validation])
    ax.set(
        title=f"{name}: {right:.1%} of the validation rows right",
        xlabel="depth (%)",
        xlim=(55, 72),
        ylim=(50, 70),
    )
axes[0].set_ylabel("table (%)")
plt.tight_layout()
plt.show()

for name, model in (("linear", linear), ("RBF", bells)):
    print(
        f"{name:<7} train {model.score(X[train], y[train]):.3f}  validation {model.score(X[validation], y[validation]):.3f}  support vectors {model[-1].support_.size} of 400"
    )

# %% [markdown]
# The good stones (discs) lie in an island; the line can cut off one side of it and must give up the others. The bells close around it. Look at the support vectors as well: the linear machine needs many, because most rows stand on its very wide street.
#
# ## 4.2 The trap before any tuning: units
# A bell measures distances, so it adds percent to percent, or metres to grams. Suppose `table` had come in hundredths of a percent. Same data, same information. **Before you run:** what does `SVC()` with all its defaults make of it?

# %% tags=["illustration"]
finer = X * [1, 100]
for name, model in (
    ("as it comes", SVC()),
    ("after StandardScaler", make_pipeline(StandardScaler(), SVC())),
):
    for data, unit in ((X, "%"), (finer, "1/100 %")):
        score = model.fit(data[train], y[train]).score(data[validation], y[validation])
        print(f"{name:<21} table in {unit:<8} validation {score:.3f}")

# %% [markdown]
# Unscaled, the column with the larger numbers is the only one that the distance sees. Scaled, the unit is gone. "Did you scale?" is the first question to ask of any SVM, and the scaler belongs *inside* the pipeline, so that it learns from training rows alone.
#
# ## 4.3 Choosing C and γ
# Nine machines on the same 400 rows. Each picture says how it does on its own rows and on the validation rows. **Before you run:** in which corner of the grid do you expect overfitting (large gap), and in which underfitting (both low)?

# %% tags=["illustration"]
reports = []
fig, axes = plt.subplots(3, 3, figsize=(10.5, 10), sharex=True, sharey=True)
for row, gamma in zip(axes, (0.01, 1, 100), strict=True):
    for ax, C in zip(row, (0.1, 1, 100), strict=True):
        model = make_pipeline(StandardScaler(), SVC(C=C, gamma=gamma)).fit(X[train], y[train])
        report = {
            "C": C,
            "gamma": gamma,
            "train": model.score(X[train], y[train]),
            "validation": model.score(X[validation], y[validation]),
        }
        reports.append(report)
        scores = model.decision_function(window.reshape(-1, 2)).reshape(window.shape[:2])
        ax.contourf(
            window[..., 0], window[..., 1], scores, levels=[-1e9, 0, 1e9], colors=["white", "0.88"]
        )
        ax.scatter(*X[train][y[train] > 0].T, s=8, color=BLUE, marker="o")
        ax.scatter(*X[train][y[train] < 0].T, s=8, color=ORANGE, marker="s")
        ax.set(
            title=f"γ = {gamma:g}, C = {C:g}\ntrain {report['train']:.3f}, validation {report['validation']:.3f}",
            xlim=(55, 72),
            ylim=(50, 70),
        )
for ax in axes[-1]:
    ax.set_xlabel("depth (%)")
for ax in axes[:, 0]:
    ax.set_ylabel("table (%)")
plt.tight_layout()
plt.show()

# %% [markdown]
# Grey is where class +1 is predicted. Top row, wide bells: the boundary can hardly bend, and a cheap C keeps it from trying. Bottom row, narrow bells: islands around single stones; the training score climbs, the validation score does not follow. In the bottom left corner bells are narrow *and* violations cheap: nothing dares to leave the majority, both scores are low. That is an *underfit* in spite of its huge γ, so read the scores, not the settings.
#
# ### Exercise: `pick_C_gamma`
# `reports` is a list of dictionaries as above, with the keys `"C"`, `"gamma"`, `"train"` and `"validation"` (shares of right answers). Read every one and choose. The rule, which leaves nothing to taste:
#
# - `"good"`: its validation score is within 0.01 of the highest validation score of all. Differences that small are noise: with 1,000 validation rows at 92 % right the standard error is $\sqrt{0.92\cdot0.08/1000} \approx 0.009$.
# - otherwise `"overfit"` if train − validation is at least 0.05,
# - otherwise `"underfit"`.
#
# Ship the **smoothest** of the good ones: smallest gamma; among equal gammas the smallest C.
#
# Return two things: the list of readings in the order of the reports, and the **position** (counted from 0) of the one to ship.
#
# *The check* asks for the readings (1 point) and for the choice (1 point), on made-up reports.


# %% ex="pick_C_gamma" points=2
def pick_C_gamma(reports):
    """Read each report, and choose the one to ship.

    reports: list of {"C", "gamma", "train", "validation"}.
    Returns (list of "good" / "overfit" / "underfit", position of the choice).
    """
    ### BEGIN SOLUTION
    highest = max(report["validation"] for report in reports)
    readings = []
    for report in reports:
        if highest - report["validation"] <= 0.01:
            readings.append("good")
        elif report["train"] - report["validation"] >= 0.05:
            readings.append("overfit")
        else:
            readings.append("underfit")
    good = [i for i, reading in enumerate(readings) if reading == "good"]
    return readings, min(good, key=lambda i: (reports[i]["gamma"], reports[i]["C"]))
    ### END SOLUTION


# %% [markdown]
# Now, once, the test rows: your choice against the straight line.

# %% tags=["illustration"]
try:
    readings, best = pick_C_gamma(reports)
except NotImplementedError:
    print("This cell uses your pick_C_gamma: come back when it is written.")
else:
    print(pd.DataFrame(reports).assign(reading=readings).round(3).to_string())

    chosen = make_pipeline(
        StandardScaler(), SVC(C=reports[best]["C"], gamma=reports[best]["gamma"])
    ).fit(X[train], y[train])
    print()
    for name, model in (("linear", linear), (f"chosen (number {best})", chosen)):
        right = model.score(X[test], y[test])
        print(
            f"{name:<18} test {right:.3f} ± {np.sqrt(right * (1 - right) / len(test)):.3f} (standard error)"
        )

# %% [markdown]
# ## 4.4 What it costs
# A kernel machine compares rows with rows. **Before you run:** if the training set doubles, what happens to the training time, and what to the number of support vectors (and with it to the time of a prediction)?

# %% tags=["illustration"]
everything = stones[["depth", "table"]].to_numpy()
order = np.random.default_rng(1).permutation(len(stones))
for n in (1000, 2000, 4000, 8000):
    rows = order[:n]
    model = make_pipeline(StandardScaler(), SVC(C=1, gamma=1))
    start = time.perf_counter()
    model.fit(everything[rows], label[rows])
    fit_seconds = time.perf_counter() - start
    start = time.perf_counter()
    model.predict(everything[order[-2000:]])
    print(
        f"{n:>5} rows: {fit_seconds:6.3f} s to train, {model[-1].support_.size:>5} support vectors, {time.perf_counter() - start:.3f} s for 2,000 predictions"
    )

# %% [markdown]
# Both grow. From 1,000 to 8,000 rows the training time grows far more than eightfold, because ever more pairs are compared; the support vectors grow about fivefold and never stop, because a share of the stones stands on the street however many there are. For millions of rows people take a linear SVM, or approximate the kernel's features (random Fourier features, Nyström), or take another model.
#
# # Say it aloud
# Two minutes each, to a wall or a friend, before you open the answer.
#
# <details><summary>"Explain the SVM to me without a formula. Then tell me what C does."</summary>
#
# Two kinds of points on a sheet. Many lines separate them; I take the one in the middle of the widest empty street, because new points near the old ones then still fall on the right side. Only the points at the kerb hold the street; I could throw the others away.
# Real points overlap, so I let some stand on the street or beyond and charge them in proportion to how far they trespass. C is the price. Expensive: narrow street, few trespassers, and single odd points steer it. Cheap: wide street, many points share the say, more regularisation. I choose C on validation data, after scaling the columns.
# </details>
#
# <details><summary>"Your RBF SVM has 99 % on the training rows and 81 % on the validation rows. What do you do?"</summary>
#
# The gap says overfitting, so first I make it smoother: a smaller gamma (wider bells), then a smaller C. I move both on a logarithmic grid, because factors matter and not differences.
# Before that I check two things that look the same from outside: were the columns scaled, inside the pipeline; and do the validation rows come from the same place as the training rows? If a duplicate or a group straddles the split, the *training* side of the story is wrong.
# If smoothing brings both scores together at 85 %, the features are the limit, not the knob.
# </details>
#
# <details><summary>"What is the kernel trick, and when would you not use it?"</summary>
#
# The dual of the SVM touches the data through inner products alone. Replace the inner product by a function that equals the inner product of some richer features, and the machine is linear in those features without anyone computing them: (x·z + 1)² stands for all products of two columns, the RBF kernel for infinitely many.
# The price: it compares rows with rows. The kernel matrix grows with the square of the rows, predictions with the support vectors. So not with millions of rows, not where a prediction must take microseconds, not where I must explain weights column by column, and not for high-dimensional sparse text, where a linear SVM is already as good. Its scores are also no probabilities: they need a calibration.
# </details>
#
# # Four questions to close
# Practice: every option explains itself.

# %% quiz="svm"

# %% [markdown]
# # What to read next
# - T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd edition, 2009, chapter 12: the SVM as hinge loss plus penalty, and its relatives.
# - C. Bishop, *Pattern Recognition and Machine Learning*, 2006, section 7.1: the dual, derived slowly.
# - C. Cortes and V. Vapnik, "Support-Vector Networks", *Machine Learning* 20, 1995: where the soft margin comes from.
# - S. Shalev-Shwartz, Y. Singer, N. Srebro, A. Cotter, "Pegasos: Primal Estimated sub-GrAdient SOlver for SVM", *Mathematical Programming* 127, 2011.
# - B. Schölkopf and A. Smola, *Learning with Kernels*, 2002, chapters 1 and 2: what may be a kernel, and why.
# - A. Rahimi and B. Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007: kernels for many rows.
