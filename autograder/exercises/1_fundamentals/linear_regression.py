# %% [markdown]
# # Linear regression: derive it, then trust it
#
# **Why an interviewer asks this.** Least squares is the one model that everybody claims to know, so it shows fast who can derive and who can only call `fit`.
# Every idea that comes later in machine learning is already in it: a loss, a gradient, a likelihood, regularisation, numerical stability.
# And the follow-up question is always the same: *why should I believe these coefficients?*
#
# You will go through it in three movements.
#
# 1. **Derive it.** The loss, its gradient, the equations that solve it, a solver that survives bad data, the likelihood behind it all.
# 2. **Trust it.** Standard errors, and then each assumption broken in turn on 53,940 real diamonds: single rows that steer, spread that grows, predictors that repeat each other, a line where there is a curve.
# 3. **Descend it.** Gradient descent, the shape of its landscape, the largest rate that works, and ridge.
#
# How to work: read, predict before you run, solve, check. A check tells you *which* mistake it sees, not only that there is one.
# If you are stuck, `hint("rss")` gives a nudge, a stronger one, and one that is nearly there.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import linalg, optimize, stats
from statsmodels.regression.linear_model import OLS

from pitfalls import load

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
    }
)
pd.set_option("display.precision", 3)

diamonds = load("diamonds")
diamonds.head()

# %% [markdown]
# Each row is a stone: its weight in carat (0.2 g), its price in US dollars, its length `x`, width `y` and depth `z` in millimetres, the total depth in percent, the width of its top (`table`) in percent.
# `from pitfalls.data import describe; print(describe("diamonds"))` prints the datasheet, known problems included.
#
# ### One convention, stated once
# $n$ is the number of rows, $p$ the number of columns of the matrix at hand, $y$ has shape $(n,)$, coefficients are flat vectors.
#
# | in these functions | `X` is | the intercept |
# |---|---|---|
# | `rss`, `rss_gradient`, `ols_qr`, `gaussian_log_likelihood`, `ols_standard_errors`, `leverage`, `hc3_standard_errors`, `max_stable_lr`, `steps_to_converge` | the **design matrix**, used as it is | if the model has one, a column of ones is already in `X` |
# | `ols_normal`, `ridge` | the **features** alone | you add it; it comes **first** in what you return |
# | `vif` | the features alone | it belongs into your auxiliary regressions, not into the answer |
# | `gradient_descent` | the features alone | left out: you centre everything instead |
#
# Inputs are NumPy arrays. Leave them as they came: return something new.

# %% [markdown]
# # Part 1 · Derive it
# ## 1.1 The loss
# A linear model says $\hat y = X\beta$: each fitted value is a weighted sum of the columns. The **residual** of row $i$ is what the model misses, $r_i = y_i - x_i^\top\beta$, and the **residual sum of squares** is
#
# $$\mathrm{RSS}(\beta) = \sum_{i=1}^n \left(y_i - x_i^\top\beta\right)^2 = \lVert y - X\beta\rVert^2 .$$
#
# ### Worked example
# Five stones, one feature, and a guess: a stone costs 8,000 dollars a carat, less 2,000. Follow the columns from left to right; nothing to write yet.

# %% tags=["illustration"]
five = diamonds.iloc[[100, 12_000, 20_000, 30_000, 40_000]]
X5 = np.column_stack([np.ones(5), five.carat])  # (5, 2): the column of ones carries the intercept
y5 = five.price.to_numpy(dtype=float)  # (5,)
guess = np.array([-2000.0, 8000.0])  # intercept, slope

fitted = X5 @ guess  # (5, 2) @ (2,) -> (5,)
residual = y5 - fitted  # (5,)
worked = pd.DataFrame(
    {
        "carat": X5[:, 1],
        "price": y5,
        "fitted": fitted,
        "residual": residual,
        "squared": residual**2,
    }
)
print(worked.to_string(index=False, float_format="{:,.2f}".format))
print(f"\nsum of the last column, the RSS: {(residual**2).sum():,.0f} squared dollars")

# %% [markdown]
# Two things to notice. The residual is *price minus fitted*: positive where the stone costs more than the line says. And the unit is squared dollars, so one bad miss outweighs many small ones.
#
# One trap before you write it yourself. **Before you run:** what shape has a column of shape (5, 1) minus a vector of shape (5,)?

# %% tags=["illustration"]
column = y5[:, None]  # what a data frame with one column, or reshape(-1, 1), gives you
print("(5, 1) - (5,) has shape", (column - fitted).shape)

# %% [markdown]
# No error, no warning: every price has met every fitted value. Summing its squares gives a number, and the wrong one. Print shapes.
#
# ### Exercise: `rss`
# Return $\mathrm{RSS}(\beta)$ as a number. The first line is there; two small steps are missing: from fitted values to residuals, from residuals to one number.
#
# *The check* asks for the value on three small data sets.


# %% ex="rss" points=1
def rss(beta, X, y):
    """Residual sum of squares of the coefficients beta.

    beta: (p,), X: (n, p) design matrix, y: (n,). Returns a number.
    """
    fitted = X @ beta  # (n, p) @ (p,) -> (n,)
    ### BEGIN SOLUTION
    missed = y - fitted
    return float(missed @ missed)
    ### END SOLUTION


# %% [markdown]
# ## 1.2 Its gradient
# To find the best $\beta$ we ask how RSS changes when one coefficient moves. Take it in three steps.
#
# **Step 1, inside.** Row $i$ misses by $r_i = y_i - (X_{i1}\beta_1 + \dots + X_{ip}\beta_p)$. If $\beta_j$ grows by a little, the fitted value grows by $X_{ij}$ times that, so
# $$\frac{\partial r_i}{\partial \beta_j} = -X_{ij}.$$
#
# **Step 2, the square.** By the chain rule, $\dfrac{\partial r_i^2}{\partial\beta_j} = 2\,r_i\cdot(-X_{ij})$.
#
# **Step 3, the sum.** The derivative of a sum is the sum of the derivatives:
# $$\frac{\partial\,\mathrm{RSS}}{\partial\beta_j} = -2\sum_{i=1}^n X_{ij}\,r_i .$$
#
# Never believe a derivation that no number has seen. Here is step 3 for the slope (column 1, as Python counts) on the five stones, against a *central difference*: move the slope a little up and a little down, and divide the change of RSS by the distance.

# %% tags=["illustration"]
by_step_3 = -2 * sum(X5[i, 1] * residual[i] for i in range(5))

h = 1e-3  # dollars per carat
move = np.array([0, h])
up, down = guess + move, guess - move
by_difference = (((y5 - X5 @ up) ** 2).sum() - ((y5 - X5 @ down) ** 2).sum()) / (2 * h)
print(f"step 3:             {by_step_3:,.3f}")
print(f"central difference: {by_difference:,.3f}")

# %% [markdown]
# ### Exercise: `rss_gradient`
# Return all $p$ derivatives at once, as a vector of shape $(p,)$. Entry $j$ is the sum of step 3, so it multiplies **column** $j$ of $X$ with the residuals. A matrix product does that for all columns: which matrix has the columns of $X$ as its *rows*?
#
# *The check* compares with finite differences of the RSS: the direction first (does the vector point where RSS rises fastest?), then the length. So a lost factor still earns half.


# %% ex="rss_gradient" points=2
def rss_gradient(beta, X, y):
    """Gradient of the RSS by beta.

    beta: (p,), X: (n, p) design matrix, y: (n,). Returns (p,).
    """
    residual = y - X @ beta  # (n,)
    ### BEGIN SOLUTION
    return -2.0 * (X.T @ residual)  # (p, n) @ (n,) -> (p,)
    ### END SOLUTION


# %% [markdown]
# ## 1.3 The normal equations
# At the minimum no coefficient can improve anything: every derivative is zero. With $X^\top$ collecting the columns,
#
# $$-2X^\top(y - X\beta) = 0 \quad\Longleftrightarrow\quad \underbrace{X^\top X}_{A\;(p\times p)}\,\beta = \underbrace{X^\top y}_{c\;(p)} .$$
#
# Read the left form as geometry: **the residual is orthogonal to every column of $X$**. Whatever the columns could still explain would be a reason to move. (It is a minimum and not a saddle, since the second derivative $2X^\top X$ never curves downwards: $v^\top X^\top X v = \lVert Xv\rVert^2 \ge 0$.)
#
# Check it on all diamonds, price on carat, with NumPy's own least squares:

# %% tags=["illustration"]
design = np.column_stack([np.ones(len(diamonds)), diamonds.carat])  # (n, 2)
price = diamonds.price.to_numpy(dtype=float)
beta = np.linalg.lstsq(design, price, rcond=None)[0]
residual = price - design @ beta

print(f"intercept {beta[0]:,.1f} dollars, slope {beta[1]:,.1f} dollars per carat")
for name, column in zip(["ones", "carat"], design.T, strict=True):
    cosine = column @ residual / np.linalg.norm(column) / np.linalg.norm(residual)
    print(f"cosine of the angle between the residual and the column {name}: {cosine:.1e}")

# %% [markdown]
# Orthogonal up to rounding. The column of ones gives a corollary worth knowing: with an intercept, residuals always sum to zero.
#
# ### Solve, do not invert
# On paper one writes $\beta = (X^\top X)^{-1}X^\top y$. In code, making the inverse is a mistake: it costs about three times the work of solving the system, and it loses digits. To see it, take two features and a third that is nearly their sum, and put each result back into the equations it should solve. **Before you run:** which of the two leaves the larger remainder?

# %% tags=["illustration"]
rng = np.random.default_rng(0)
F = rng.normal(size=(60, 3))
F[:, 2] = F[:, 0] + F[:, 1] + 1e-5 * rng.normal(size=60)
t = 1 + F.sum(axis=1) + rng.normal(size=60)
A, c = F.T @ F, F.T @ t


def remainder(b):
    """How far A b is from c, relative to the sizes involved: 1e-16 is as good as it gets."""
    return np.linalg.norm(A @ b - c) / (np.linalg.norm(A, 2) * np.linalg.norm(b))


print(f"np.linalg.solve(A, c):   {remainder(np.linalg.solve(A, c)):.0e}")
print(f"np.linalg.inv(A) @ c:    {remainder(np.linalg.inv(A) @ c):.0e}")
print(f"np.linalg.pinv(A) @ c:   {remainder(np.linalg.pinv(A) @ c):.0e}")

# %% [markdown]
# ### Exercise: `ols_normal`
# `X` holds the **features alone**, shape $(n, p)$. Put a column of ones in front, form $A$ and $c$, and solve. Return shape $(p+1,)$: the intercept first, then the slopes in the order of the columns.
#
# *The check* asks for the coefficients on ordinary data, and on nearly dependent columns for a solution that solves the equations to rounding: an inverse or pseudo-inverse of $X^\top X$ is recognised by its remainder. Another stable route to least squares (`np.linalg.lstsq`, QR) is accepted as well; the point here is to see the equations.


# %% ex="ols_normal" points=2
def ols_normal(X, y):
    """Least-squares coefficients from the normal equations, intercept included.

    X: (n, p) features, y: (n,). Returns (p + 1,): intercept first.
    """
    # 1. the design matrix, (n, p + 1)   2. A = X'X and c = X'y   3. solve A b = c
    ### BEGIN SOLUTION
    with_ones = np.column_stack([np.ones(len(y)), X])
    gram = with_ones.T @ with_ones  # (p + 1, p + 1)
    return np.linalg.solve(gram, with_ones.T @ y)
    ### END SOLUTION


# %% [markdown]
# What did the fit above say? A carat costs so-and-so many dollars; fine. **Before you run:** the line crosses zero somewhere. What does it claim of the small stones to the left of that point, and how many are there?

# %% tags=["illustration"]
some = diamonds.sample(2000, random_state=0)
line = np.array([0.2, 3.0])
fig, ax = plt.subplots(figsize=(7, 3.6))
ax.scatter(some.carat, some.price, s=6, color=BLUE, alpha=0.4, label="2,000 of the stones")
ax.plot(line, beta[0] + beta[1] * line, color=ORANGE, lw=2, label="least squares on all stones")
ax.axhline(0, color=GREY, lw=0.8, ls=":")
ax.set(xlabel="weight (carat)", ylabel="price (US dollar)", xlim=(0.1, 3), ylim=(-2500, 19500))
ax.legend(frameon=False, loc="lower right")
ax.set_title("A straight line through prices that bend and fan out", loc="left")
plt.show()
print(f"stones with a negative fitted price: {(design @ beta < 0).sum():,} of {len(diamonds):,}")

# %% [markdown]
# *In words:* the points start near zero, bend upwards and fan out to the right; the straight line cuts through, below zero at its left end. Least squares always gives an answer. Whether the answer deserves trust is Part 2.
#
# ## 1.4 A stable solver
# How many digits can a solution lose? The **condition number** $\mathrm{cond}(X) = \sigma_{\max}/\sigma_{\min}$, largest over smallest singular value, says by how much relative errors can grow on the way from the data to the coefficients. Double precision starts with about 16 digits ($\varepsilon \approx 2\cdot 10^{-16}$); at $\mathrm{cond}(X) = 10^8$ a good solver keeps about 8. (That is the whole story while the residual is small. In general the problem itself has a second term, $\mathrm{cond}(X)^2$ times the tangent of the angle between $y$ and its fitted values, and no solver escapes it. The normal equations pay the square always.)
#
# The normal equations form $X^\top X$, whose singular values are the *squares*: $\mathrm{cond}(X^\top X) = \mathrm{cond}(X)^2$. At $10^8$ that is $10^{16}$, and nothing is left.
#
# The experiment: designs of growing condition number, a response without noise, so the true coefficients are known. **Before you run:** at which condition number does the normal-equations line reach an error of 1, that is, no correct digit?

# %% tags=["illustration"]
rng = np.random.default_rng(1)
conditions = np.logspace(0, 12, 25)
errors = {"normal equations": [], "np.linalg.lstsq": []}
for condition in conditions:
    U = linalg.orth(rng.normal(size=(50, 4)))  # orthonormal columns
    V = linalg.orth(rng.normal(size=(4, 4)))
    D = (U * np.geomspace(1, 1 / condition, 4)) @ V.T  # singular values from 1 to 1/condition
    truth = np.array([1.0, -2.0, 3.0, -4.0])
    for name, found in {
        "normal equations": np.linalg.solve(D.T @ D, D.T @ (D @ truth)),
        "np.linalg.lstsq": np.linalg.lstsq(D, D @ truth, rcond=None)[0],
    }.items():
        errors[name].append(np.linalg.norm(found - truth) / np.linalg.norm(truth))

fig, ax = plt.subplots(figsize=(7, 3.6))
ax.loglog(
    conditions, errors["normal equations"], color=ORANGE, marker="s", ms=4, label="normal equations"
)
ax.loglog(
    conditions, errors["np.linalg.lstsq"], color=BLUE, marker="o", ms=4, label="np.linalg.lstsq"
)
eps = np.finfo(float).eps
ax.loglog(conditions, eps * conditions, color=GREY, ls="--", lw=1, label="ε · cond(X)")
ax.loglog(conditions, eps * conditions**2, color=GREY, ls=":", lw=1, label="ε · cond(X)²")
ax.set(xlabel="cond(X)", ylabel="relative error of the coefficients", ylim=(1e-17, 1e4))
ax.legend(frameon=False, loc="upper left")
ax.set_title("Squaring the condition number loses twice as many digits", loc="left")
plt.show()

features = ["carat", "depth", "table", "x", "y", "z"]
raw = np.column_stack([np.ones(len(diamonds)), diamonds[features]])
print(
    f"six features of the diamonds: cond(X) = {np.linalg.cond(raw):,.0f}, "
    f"cond(X'X) = {np.linalg.cond(raw.T @ raw):.1e}"
)

# %% [markdown]
# *In words:* the error of the normal equations climbs as steeply as the dotted line and reaches 1 near $10^8$; the error of `lstsq` climbs half as steeply. It starts on the dashed line, soon runs below it, and at $10^8$ it still leaves nine digits or more.
#
# The cure is to take $X$ apart before anything is squared. **QR:** $X = QR$ with $Q$ of shape $(n, p)$, orthonormal columns ($Q^\top Q = I$), and $R$ of shape $(p, p)$, upper triangular. Put it into the normal equations, one step at a time:
#
# $$X^\top X\beta = X^\top y \;\Rightarrow\; R^\top \underbrace{Q^\top Q}_{I} R\,\beta = R^\top Q^\top y \;\Rightarrow\; R\,\beta = Q^\top y ,$$
#
# where the last step cancels the invertible $R^\top$. A triangular system is solved from its last row upwards, one unknown at a time. On three numbers:
#
# $$\begin{pmatrix}2 & 1\\ 0 & 4\end{pmatrix}\begin{pmatrix}\beta_1\\ \beta_2\end{pmatrix} = \begin{pmatrix}7\\ 12\end{pmatrix}: \qquad \beta_2 = 12/4 = 3, \qquad \beta_1 = (7 - 1\cdot 3)/2 = 2 .$$

# %% tags=["illustration"]
print(linalg.solve_triangular([[2.0, 1.0], [0.0, 4.0]], [7.0, 12.0]))  # reads the upper triangle

# %% [markdown]
# ### Exercise: `ols_qr`
# `X` is the design matrix, **used as it is** (add no column). Factor it (`np.linalg.qr` gives the economic form), then solve the triangular system. Return shape $(p,)$.
#
# *The check* has three parts: ordinary designs; two columns that agree to eight digits, where $X^\top X$ is exactly singular in double precision; random designs with $\mathrm{cond}(X) = 10^8$. Any stable route is accepted, as long as it never forms $X^\top X$ and throws nothing away: `np.linalg.pinv(X)` passes too, and so does an inverse of the triangular $R$, though solving is cheaper.


# %% ex="ols_qr" points=3
def ols_qr(X, y):
    """Least-squares coefficients that are still right at cond(X) = 1e8.

    X: (n, p) design matrix, y: (n,). Returns (p,).
    """
    ### BEGIN SOLUTION
    Q, R = np.linalg.qr(X)  # (n, p), (p, p)
    return linalg.solve_triangular(R, Q.T @ y, lower=False)
    ### END SOLUTION


# %% [markdown]
# ## 1.5 The likelihood view
# Why squares at all? Suppose that $y_i = x_i^\top\beta + \varepsilon_i$ with independent noise $\varepsilon_i \sim \mathcal N(0, \sigma^2)$. Row $i$ then has the density
#
# $$f_i = \frac{1}{\sqrt{2\pi\sigma^2}}\exp\!\left(-\frac{r_i^2}{2\sigma^2}\right), \qquad \log f_i = -\tfrac12\log(2\pi\sigma^2) - \frac{r_i^2}{2\sigma^2}.$$
#
# Independent rows multiply, so their logs add: the **log-likelihood** is $\ell(\beta,\sigma^2) = \sum_i \log f_i$. Now read it twice.
#
# * **For fixed $\sigma^2$**, only $-\mathrm{RSS}(\beta)/(2\sigma^2)$ depends on $\beta$. So the $\beta$ of maximum likelihood *is* the least-squares one, whatever $\sigma^2$ is.
# * **For fixed $\beta$**, set the derivative by $\sigma^2$ to zero: $-\dfrac{n}{2\sigma^2} + \dfrac{\mathrm{RSS}}{2\sigma^4} = 0$, so $\hat\sigma^2 = \mathrm{RSS}/n$.
#
# When $\sigma^2$ is free, the term $-\tfrac n2\log(2\pi\sigma^2)$ is what keeps it in check. **Before you run:** one of these two curves never comes down. Which, and what would an optimiser do with it?

# %% tags=["illustration"]
thirty = diamonds.sample(30, random_state=1)
D30 = np.column_stack([np.ones(30), np.log(thirty.carat)])
t30 = np.log(thirty.price.to_numpy())
b30 = np.linalg.lstsq(D30, t30, rcond=None)[0]
left = t30 - D30 @ b30
variances = np.linspace(0.02, 0.25, 200)
whole = [stats.norm.logpdf(left, scale=np.sqrt(v)).sum() for v in variances]
exponent = [-(left**2).sum() / (2 * v) for v in variances]

fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(variances, whole, color=BLUE, lw=2, label="log-likelihood")
ax.plot(
    variances, exponent, color=ORANGE, lw=2, ls="--", label="exponent alone, normaliser dropped"
)
ax.axvline((left**2).mean(), color=GREY, ls=":", label="RSS/n")
ax.set(xlabel="σ² (squared log dollars)", ylabel="value at the best β")
ax.legend(frameon=False)
ax.set_title("30 stones, log price on log carat: only one curve has a summit", loc="left")
plt.show()

# %% [markdown]
# *In words:* the solid curve rises to a summit at RSS/n and comes down slowly; the dashed one rises for ever towards zero. A dropped constant is harmless only while it is a constant.
#
# ### Exercise: `gaussian_log_likelihood`
# Return $\ell(\beta, \sigma^2)$ as a number, normaliser included. `sigma2` is the **variance**. Natural logarithms.
#
# *The check* asks for the value on a few rows, and for 2,000 rows: there the product of the densities is smaller than the smallest positive double, about $10^{-308}$, so the logs have to be taken before anything is multiplied.


# %% ex="gaussian_log_likelihood" points=2
def gaussian_log_likelihood(beta, sigma2, X, y):
    """Log-likelihood of independent normal noise with variance sigma2.

    beta: (p,), sigma2: a number > 0, X: (n, p) design matrix, y: (n,). Returns a number.
    """
    ### BEGIN SOLUTION
    z2 = np.square(y - X @ beta) / sigma2  # (n,)
    return float(-0.5 * np.sum(z2 + np.log(2.0 * np.pi * sigma2)))
    ### END SOLUTION


# %% [markdown]
# And the claim that maximum likelihood *is* least squares? Let a general optimiser loose on the 30 stones, with SciPy's normal density and no idea of linear algebra. It searches over $\beta$ and $\log\sigma^2$ at once.


# %% tags=["illustration"]
def minus_log_likelihood(parameters):
    *b, log_variance = parameters
    return -stats.norm.logpdf(t30, D30 @ b, np.exp(log_variance / 2)).sum()


found = optimize.minimize(minus_log_likelihood, x0=[7.0, 1.0, -1.0], method="BFGS").x
print(f"optimiser:     beta = {found[0]:.5f}, {found[1]:.5f}   sigma2 = {np.exp(found[2]):.5f}")
print(f"least squares: beta = {b30[0]:.5f}, {b30[1]:.5f}    RSS/n = {(left**2).mean():.5f}")
print(f"                                   RSS/(n - p) = {(left**2).sum() / 28:.5f}")

# %% [markdown]
# The same coefficients; and the variance of maximum likelihood is RSS/n, smaller than RSS/(n − p). Which of the two is right is the next question.
#
# # Part 2 · Trust it
# ## 2.1 Standard errors
# Coefficients come from a sample; another sample would give others. How much would they move? Put $y = X\beta + \varepsilon$ into the solution:
#
# $$\hat\beta = (X^\top X)^{-1}X^\top y = \beta + (X^\top X)^{-1}X^\top\varepsilon .$$
#
# If the noise is independent with one variance, $\mathrm{Var}(\varepsilon) = \sigma^2 I$, then with $M = (X^\top X)^{-1}X^\top$
#
# $$\mathrm{Var}(\hat\beta) = M\,\sigma^2 I\,M^\top = \sigma^2\,(X^\top X)^{-1}X^\top X\,(X^\top X)^{-1} = \sigma^2\,(X^\top X)^{-1}.$$
#
# The **standard error** of $\hat\beta_j$ is the square root of the $j$-th diagonal entry. One thing is missing: $\sigma^2$ is unknown, and must come from the residuals. Those of the fit, $e_i = y_i - x_i^\top\hat\beta$ (the $r_i$ of Part 1 at the best $\beta$), are too small, though, because $\hat\beta$ was chosen to make them small. The fit can absorb $p$ directions of the noise completely, and $n - p$ are left: $\mathbb E[\mathrm{RSS}] = (n - p)\,\sigma^2$.
#
# This needs a known truth, so it is a **simulation**: 12 rows, 3 columns, $\sigma^2 = 4$, 20,000 fresh draws of the noise. **Before you run:** RSS/n should come out at $4\cdot 9/12$. How much is that, and what does it do to a p-value?

# %% tags=["illustration"]
rng = np.random.default_rng(2)
D12 = np.column_stack([np.ones(12), rng.normal(size=(12, 2))])
truth = np.array([1.0, 2.0, -1.0])
draws = (D12 @ truth)[:, None] + rng.normal(scale=2.0, size=(12, 20_000))  # one data set a column
found, rss_of_draws, *_ = np.linalg.lstsq(D12, draws, rcond=None)  # (3, 20000), (20000,)
print(f"mean of RSS/n:       {rss_of_draws.mean() / 12:.3f}   (the truth is 4)")
print(f"mean of RSS/(n - p): {rss_of_draws.mean() / 9:.3f}")
print("spread of the coefficients over the draws:", found.std(axis=1).round(3))
print(
    "root of the diagonal of 4 (X'X)^-1:       ",
    np.sqrt(4 * np.diag(np.linalg.inv(D12.T @ D12))).round(3),
)

# %% [markdown]
# RSS/n is too small by the factor 9/12. Standard errors made from it are too small by its root, so every *t* is too large and every p-value too small: you would announce effects more often than you claim.
#
# ### Exercise: `ols_standard_errors`
# Return the $p$ classical standard errors: fit, estimate $\sigma^2$ from the residuals with $n - p$ in the denominator, and take roots. `X` is the design matrix as it is; its column of ones, if any, counts in $p$. (An inverse is fine here: you need its diagonal.)
#
# *The check* looks at the ratios between the standard errors first, then at their scale: a wrong estimate of $\sigma^2$ still earns half.


# %% ex="ols_standard_errors" points=2
def ols_standard_errors(X, y):
    """Classical standard errors of the least-squares coefficients.

    X: (n, p) design matrix, y: (n,). Returns (p,), in the units of the coefficients.
    """
    ### BEGIN SOLUTION
    n, p = X.shape
    b = np.linalg.lstsq(X, y, rcond=None)[0]
    sigma2 = np.sum(np.square(y - X @ b)) / (n - p)
    covariance = sigma2 * np.linalg.inv(X.T @ X)
    return np.sqrt(np.diagonal(covariance))
    ### END SOLUTION


# %% [markdown]
# ## 2.2 Single rows that steer: leverage
# Fitted values are a fixed mix of the observed ones: $\hat y = X\hat\beta = \underbrace{X(X^\top X)^{-1}X^\top}_{H}\,y$. $H$ puts the hat on $y$, so it is called the **hat matrix**. Its diagonal entry
#
# $$h_i = H_{ii} = x_i^\top (X^\top X)^{-1} x_i = \frac{\partial \hat y_i}{\partial y_i}$$
#
# is the **leverage** of row $i$: by how much the fit follows when that one $y_i$ moves. It lies between 0 and 1, all leverages add up to $p$, and it depends on $X$ alone.
#
# Check the derivative: eight stones, raise one price by a dollar, refit, and watch that stone's fitted value.

# %% tags=["illustration"]
eight = diamonds.iloc[[0, 5_000, 10_000, 20_000, 25_000, 27_415, 40_000, 50_000]]
D8 = np.column_stack([np.ones(8), eight.carat])
y8 = eight.price.to_numpy(dtype=float)


def fitted_values(y):
    return D8 @ np.linalg.lstsq(D8, y, rcond=None)[0]


rows = []
for i in range(8):
    moved = fitted_values(y8 + np.eye(8)[i])[i] - fitted_values(y8)[i]
    formula = D8[i] @ np.linalg.inv(D8.T @ D8) @ D8[i]
    rows.append((D8[i, 1], moved, formula))
table = pd.DataFrame(rows, columns=["carat", "the fit moves by", "h from the formula"])
print(table.to_string(index=False))
print("sum of the leverages:", round(table.iloc[:, 2].sum(), 6))

# %% [markdown]
# The stone of five carats stands alone, and the line has to go where it says.
#
# Now the practical side. For all diamonds $H$ has 53,940² entries:

# %% tags=["illustration"]
cells = len(diamonds) ** 2
print(f"hat matrix of the diamonds: {cells * 8 / 1e9:,.1f} GB")
print(f"its diagonal:               {len(diamonds) * 8 / 1e9:,.4f} GB")

# %% [markdown]
# You need the diagonal alone. For any two matrices, entry $i$ of the diagonal of $AB$ is *row $i$ of $A$ times column $i$ of $B$*; the other entries of the product are never used. So the diagonal of $AB^\top$ is the row sums of the entry-wise product:

# %% tags=["illustration"]
A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
B = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
print(np.diag(A @ B.T), (A * B).sum(axis=1))

# %% [markdown]
# Two routes follow. Either $A = X(X^\top X)^{-1}$ and $B = X$; or, with $X = QR$, $H = QQ^\top$, so $A = B = Q$. (In its default, economic form $Q$ is $n\times p$; the *full* form would be $n\times n$ again.)
#
# ### Exercise: `leverage`
# Return the $n$ leverages of the design matrix `X`, as it is.
#
# *The check* asks for the values; and, on 2,000 rows, it watches the memory that your call allocates. It must grow with $n$, not with $n^2$: then 200,000 rows fit as well.


# %% ex="leverage" points=2
def leverage(X):
    """Diagonal of the hat matrix, without the matrix.

    X: (n, p) design matrix. Returns (n,).
    """
    ### BEGIN SOLUTION
    Q = np.linalg.qr(X).Q  # (n, p)
    return np.einsum("ij,ij->i", Q, Q)
    ### END SOLUTION


# %% [markdown]
# Leverage says that a row *could* steer. Whether it does depends on its residual too: **Cook's distance** $\dfrac{e_i^2}{p\,\hat\sigma^2}\cdot\dfrac{h_i}{(1-h_i)^2}$ measures how far all fitted values move when row $i$ is left out; above 1 is far.
#
# Price on the six numeric features, all diamonds, with statsmodels. **Before you run:** three stones have a width or depth that cannot be: 58.9 or 31.8 millimetres on stones that are 8 or 5 long. Can three rows in 53,940 matter?

# %% tags=["illustration"]
full = OLS(price, raw).fit()
influence = full.get_influence()
suspects = diamonds[features].assign(
    leverage=influence.hat_matrix_diag, cooks_distance=influence.cooks_distance[0]
)
print(f"mean leverage, p/n: {raw.shape[1] / len(raw):.6f}\n")
print(suspects.nlargest(5, "leverage").to_string())

impossible = (diamonds.y > 20) | (diamonds.z > 20)
without = OLS(price[~impossible], raw[~impossible]).fit()
print(f"\ncoefficients with all rows, and without the {impossible.sum()} impossible ones:")
print(
    pd.DataFrame(
        {"all": full.params, "without": without.params}, index=["constant", *features]
    ).to_string()
)

# %% [markdown]
# Look at the three rows. In one the width repeats the depth percentage (58.9), in one the depth has slipped by a digit (31.80), in one width and depth seem to be swapped as well. Then look at the lines of `y` and `x` in the second table. Three entry errors in fifty-four thousand rows rewrite two coefficients: a huge sample does not protect you from a huge leverage. From here on the impossible rows (and the 20 stones with a size of zero) are left out wherever the text says *sound stones*.

# %% tags=["illustration"]
sound = diamonds.query("x > 0 and 0 < y < 20 and 0 < z < 20").reset_index(drop=True)
print(f"sound stones: {len(sound):,}")

# %% [markdown]
# ## 2.3 Spread that grows: robust standard errors
# The classical formula stands on $\mathrm{Var}(\varepsilon) = \sigma^2 I$: one spread for all rows. Back to price on carat. Sort the stones by fitted price, cut them into ten equal groups (deciles), and take mean and standard deviation of the residuals in each. **Before you run:** what would both curves look like if the assumptions held? What do you expect?


# %% tags=["illustration"]
def by_decile(fitted, residual):
    """Mean and standard deviation of the residuals in ten groups of growing fitted value."""
    groups = np.array_split(np.argsort(fitted, kind="stable"), 10)
    return (
        np.array([residual[g].mean() for g in groups]),
        np.array([residual[g].std() for g in groups]),
    )


def draw_deciles(ax, fitted, residual, unit):
    mean, spread = by_decile(fitted, residual)
    tenth = np.arange(1, 11)
    ax.plot(tenth, mean, color=BLUE, marker="o", label="mean")
    ax.plot(tenth, spread, color=ORANGE, marker="s", ls="--", label="standard deviation")
    ax.axhline(0, color=GREY, lw=0.8, ls=":")
    ax.set(xlabel="decile of the fitted value", ylabel=f"residual ({unit})", xticks=tenth)
    return mean, spread


D1 = np.column_stack([np.ones(len(sound)), sound.carat])
y1 = sound.price.to_numpy(dtype=float)
b1 = np.linalg.lstsq(D1, y1, rcond=None)[0]
fig, ax = plt.subplots(figsize=(7, 3.2))
mean, spread = draw_deciles(ax, D1 @ b1, y1 - D1 @ b1, "US dollar")
ax.legend(frameon=False)
ax.set_title("Price on carat: neither curve is flat", loc="left")
plt.show()
print(
    pd.DataFrame(
        {"mean": mean, "standard deviation": spread}, index=pd.RangeIndex(1, 11, name="decile")
    )
    .round(0)
    .T.to_string()
)
print(f"\nspread, highest over lowest decile: {spread[-1] / spread[0]:.1f}")

# %% [markdown]
# *In words:* the mean swings from plus to minus and back to plus (the price bends), and the spread grows many-fold from the cheap to the dear stones. The bend comes in 2.5; the spread is for now.
#
# Go back to the derivation of the variance, and let each row have its own: $\mathrm{Var}(\varepsilon) = \Omega = \mathrm{diag}(\sigma_1^2,\dots,\sigma_n^2)$. Nothing cancels any more:
#
# $$\mathrm{Var}(\hat\beta) = \underbrace{(X^\top X)^{-1}}_{\text{bread}}\;\underbrace{X^\top\Omega X}_{\text{filling}}\;\underbrace{(X^\top X)^{-1}}_{\text{bread}} .$$
#
# The $\sigma_i^2$ are unknown, one per row, and there is one residual $e_i$ to estimate each. The versions differ in what they put there:
#
# | name | in the place of $\sigma_i^2$ | idea |
# |---|---|---|
# | HC0 | $e_i^2$ | White's original; too small in small samples |
# | HC1 | $e_i^2\cdot n/(n-p)$ | one correction for all rows |
# | HC2 | $e_i^2/(1-h_i)$ | a row with leverage pulls the fit towards itself and shrinks its own residual: $\mathrm{Var}(e_i) = \sigma^2(1-h_i)$ when the spread is constant |
# | **HC3** | $\left(\dfrac{e_i}{1-h_i}\right)^2$ | $e_i/(1-h_i)$ is the residual that row $i$ has when it is *left out* of the fit |
#
# That last claim, checked on the eight stones: refit without row $i$, then predict it.

# %% tags=["illustration"]
e8 = y8 - fitted_values(y8)
for i in (0, 5):
    keep = np.arange(8) != i
    without_i = np.linalg.lstsq(D8[keep], y8[keep], rcond=None)[0]
    inflated = e8[i] / (1 - table.iloc[i, 2])
    left_out = y8[i] - D8[i] @ without_i
    print(f"{D8[i, 1]:.2f} carat: residual {e8[i]:8.1f}", end="   ")
    print(f"e/(1-h) {inflated:9.1f}   left out {left_out:9.1f}")

# %% [markdown]
# How wrong are the classical errors when the spread grows? Known truth again, so a **simulation**: 60 rows, noise whose standard deviation is proportional to $x$, 20,000 draws. **Before you run:** will the classical standard error of the slope be too small or too large? (Where are the rows that decide the slope, and how noisy are they?)

# %% tags=["illustration"]
rng = np.random.default_rng(3)
x = rng.exponential(size=60)
D60 = np.column_stack([np.ones(60), x])
draws = (1 + 2 * x)[:, None] + x[:, None] * rng.normal(size=(60, 20_000))
found, rss_of_draws, *_ = np.linalg.lstsq(D60, draws, rcond=None)
classical = np.sqrt(rss_of_draws / 58 * np.linalg.inv(D60.T @ D60)[1, 1])
covered = np.abs(found[1] - 2) < stats.t.ppf(0.975, 58) * classical
print(f"true spread of the slope:        {found[1].std():.3f}")
print(f"average classical error:         {classical.mean():.3f}")
print(f"'95%' intervals that hold the truth: {covered.mean():.1%}")

# %% [markdown]
# ### Exercise: `hc3_standard_errors`
# Return the $p$ HC3 standard errors. `X` is the design matrix as it is.
#
# The filling needs care: `np.diag(w)` of $n$ weights is an $n\times n$ matrix, 23 GB for the diamonds. But $X^\top\mathrm{diag}(w)\,X = \sum_i w_i\,x_i x_i^\top$: multiply each **row** of $X$ by its weight (`X * w[:, None]`), then one product with $X$.
#
# *The check* asks for the value (it compares with the leave-one-out refits themselves), and on 2,000 rows it watches the memory.


# %% ex="hc3_standard_errors" points=2
def hc3_standard_errors(X, y):
    """Heteroscedasticity-robust standard errors, version HC3.

    X: (n, p) design matrix, y: (n,). Returns (p,).
    """
    ### BEGIN SOLUTION
    Q, R = np.linalg.qr(X)
    h = np.einsum("ij,ij->i", Q, Q)
    left_out = (y - Q @ (Q.T @ y)) / (1 - h)  # (n,)
    G = linalg.solve_triangular(R, (Q * left_out[:, None]).T)  # (p, n): what each row adds
    return np.sqrt(np.sum(G**2, axis=1))
    ### END SOLUTION


# %% [markdown]
# On the real data, with statsmodels (`fit(cov_type="HC3")`): six features, first with all rows, then with the sound stones. **Before you run:** for which coefficient will robust and classical errors differ most? Think of 2.2.


# %% tags=["illustration"]
def ratio(D, y):
    fit = OLS(y, D).fit()
    return fit.get_robustcov_results("HC3").bse / fit.bse


D6 = np.column_stack([np.ones(len(sound)), sound[features]])
print("HC3 error divided by classical error:")
print(
    pd.DataFrame(
        {"all rows": ratio(raw, price), "sound stones": ratio(D6, y1)},
        index=["constant", *features],
    )
    .round(2)
    .to_string()
)

# %% [markdown]
# A ratio of 2 means that a *t* statistic of 4 is really a 2. The two errors disagree most where a few rows have leverage and large residuals at once. When they disagree, report the robust ones, and then ask *why* they disagree: usually the model of the mean is wrong too.
#
# ## 2.4 Predictors that repeat each other: variance inflation
# Among the features, `x`, `y`, `z` and `carat` all say "large". What does that do? For one coefficient the variance formula can be written as
#
# $$\mathrm{Var}(\hat\beta_j) = \frac{\sigma^2}{\sum_i (x_{ij}-\bar x_j)^2}\cdot\underbrace{\frac{1}{1-R_j^2}}_{\mathrm{VIF}_j} ,$$
#
# where $R_j^2$ comes from an **auxiliary regression**: feature $j$ on all the *other features*, with an intercept. The response $y$ has no part in it. The first factor is what you would have if column $j$ stood alone; the **variance inflation factor** is what its company costs. It is 1 without correlation, and 10 means a standard error $\sqrt{10}\approx 3$ times larger.
#
# $R_j^2 = 1 - \mathrm{RSS}_j/\mathrm{TSS}_j$, with $\mathrm{TSS}_j$ the sum of squares of column $j$ *about its mean*. Check the identity for one column, `depth`:

# %% tags=["illustration"]
j = features.index("depth")
others = np.column_stack([np.ones(len(sound)), sound[[f for f in features if f != "depth"]]])
depth = sound.depth.to_numpy()
left = depth - others @ np.linalg.lstsq(others, depth, rcond=None)[0]
tss = ((depth - depth.mean()) ** 2).sum()
r2 = 1 - (left**2).sum() / tss
print(f"R² of depth on the other five: {r2:.3f}")
print(f"1 / (TSS (1 - R²)):      {1 / (tss * (1 - r2)):.6e}")
print(f"diagonal of (X'X)^-1:    {np.linalg.inv(D6.T @ D6)[j + 1, j + 1]:.6e}")

# %% [markdown]
# The same number twice: the inflation has been inside the classical formula all the time.
#
# ### Exercise: `vif`
# Return the $p$ variance inflation factors of the features `X` (no column of ones in it): each column takes its turn on the left, with all the others and an intercept on the right.
#
# *The check* asks for columns of mean 0 first (there the intercept makes no difference), then for columns far from 0, where it does.


# %% ex="vif" points=2
def vif(X):
    """Variance inflation factor of each feature.

    X: (n, p) features, p >= 2, without a constant. Returns (p,), each at least 1.
    """
    ### BEGIN SOLUTION
    factors = []
    for j in range(X.shape[1]):
        target = X[:, j]
        rest = np.column_stack([np.ones(len(X)), np.delete(X, j, axis=1)])
        unexplained = target - rest @ np.linalg.lstsq(rest, target, rcond=None)[0]
        factors.append(len(X) * target.var() / np.sum(unexplained**2))
    return np.array(factors)
    ### END SOLUTION


# %% [markdown]
# Now all six, with all rows and with the sound stones. **Before you run:** leaving out 23 bad rows, do the factors of `y` and `z` go up or down?


# %% tags=["illustration"]
def vifs(frame):
    """By the inverse of the correlation matrix: the same thing, p regressions in one go."""
    return np.linalg.inv(frame.corr()).diagonal().round(1)


print(
    pd.DataFrame(
        {"all rows": vifs(diamonds[features]), "sound stones": vifs(sound[features])},
        index=features,
    ).to_string()
)

rng = np.random.default_rng(4)
slopes = []
for _ in range(300):
    s = rng.choice(len(sound), 500, replace=False)
    slopes.append(np.linalg.lstsq(D6[s], y1[s], rcond=None)[0][1:])
slopes = np.array(slopes)
print("\n300 samples of 500 stones: how often is a coefficient negative, how much does it vary?")
print(
    pd.DataFrame(
        {
            "negative": (slopes < 0).mean(axis=0),
            "mean": slopes.mean(axis=0),
            "standard deviation": slopes.std(axis=0),
        },
        index=features,
    )
    .round(2)
    .to_string()
)

# %% [markdown]
# Up: the entry errors had *hidden* the collinearity, because a wrong width agrees with nothing. And look at the signs: is a longer stone dearer or cheaper, all else equal? With 500 rows the coefficients of `x`, `z` and `depth` change sign from sample to sample. The predictions of all these fits are nearly alike; it is the single coefficients that mean little. So collinearity is a problem for *reading* coefficients, hardly one for predicting, and not one that residuals can show.
#
# ## 2.5 A line where there is a curve
# The bend in 2.3 is the gravest break of all: no standard error, robust or not, mends a mean that is wrong. Prices are made of ratios (a stone twice as heavy costs so many *times* as much), and ratios are straight lines on log scales: $\log\text{price} = \beta_0 + \beta_1\log\text{carat}$. **Before you run:** what should happen to the mean curve? And to the spread: a price that is off by 20%, dear stone or cheap, is off by how much in logs?

# %% tags=["illustration"]
D_log = np.column_stack([np.ones(len(sound)), np.log(sound.carat)])
log_price = np.log(y1)
b_log = np.linalg.lstsq(D_log, log_price, rcond=None)[0]
e_log = log_price - D_log @ b_log

fig, ax = plt.subplots(figsize=(7, 3.2))
mean, spread = draw_deciles(ax, D_log @ b_log, e_log, "log US dollar")
ax.set_ylim(-0.15, 0.5)
ax.legend(frameon=False, loc="upper left")
ax.set_title("Log price on log carat: both are flatter, neither is flat", loc="left")
plt.show()
print(f"slope {b_log[1]:.3f}: one percent more carat, {b_log[1]:.2f} percent more price")
print(f"mean residual by decile: from {mean.min():+.2f} to {mean.max():+.2f}")
in_dollars = by_decile(D1 @ b1, y1 - D1 @ b1)[1]
print(
    f"spread, widest over narrowest decile: {spread.max() / spread.min():.1f} in logs, "
    f"{in_dollars.max() / in_dollars.min():.1f} in dollars"
)
r2_line = 1 - (y1 - D1 @ b1).var() / y1.var()
r2_log = 1 - e_log.var() / log_price.var()
print(f"R² on its own scale: line {r2_line:.3f}, log-log {r2_log:.3f}")

correction = np.exp(e_log).mean()  # the mean of exp(noise) is not 1
light = sound.carat <= sound.carat.quantile(0.9)
rows = {}
for name, predicted in {
    "line": D1 @ b1,
    "log-log, exp": np.exp(D_log @ b_log),
    "log-log, exp times factor": np.exp(D_log @ b_log) * correction,
}.items():
    missed = y1 - predicted
    rows[name] = {
        "MAE": np.abs(missed).mean(),
        "RMSE": np.sqrt((missed**2).mean()),
        "RMSE, lightest 90%": np.sqrt((missed[light] ** 2).mean()),
        "negative prices": (predicted < 0).sum(),
        "above the dearest": (predicted > y1.max()).sum(),
    }
print(f"\nin dollars, where they can be compared (factor {correction:.3f}):")
print(pd.DataFrame(rows).T.to_string(float_format="{:,.0f}".format))

# %% [markdown]
# *In words:* a price that is off by 20% is off by $\log 1.2 \approx 0.18$ in logs, dear stone or cheap, so the spread should level out. For the most part it does: the widest decile is half as wide again as the narrowest, where in dollars it was many times as wide. The mean still wobbles, by less than half of the spread.
#
# Is the log-log model the better one, then? Read the table before you say yes.
#
# * An $R^2$ on logs and one on dollars explain different things and must not be compared. Bring the models back to dollars first.
# * **Which error?** The mean absolute error is smallest at the *median*, and $\exp$ of a mean log is about the median price: log-log wins, and best *without* the factor. The root mean squared error is smallest at the *mean*, and the factor, the mean of $\exp(\text{residual})$, is there to turn a median into a mean.
# * **It does not rescue the RMSE here:** over all stones the straight line wins. The factor trusts the curve everywhere, but at the heavy end the curve shoots past every price in the data, and squares let those few stones decide. Among the lightest nine tenths log-log is ahead by RMSE too, and there the factor helps, as it should.
#
# So the logs mended most of the bend, the funnel and the negative prices, and they overshoot at the heavy end. Which model is better depends on what an error costs, and on which stones you price.
#
# ### What breaks, what it costs, where it shows
#
# | assumption | when it fails | where to look | what helps |
# |---|---|---|---|
# | the mean is linear | coefficients and predictions are biased | centre of the residuals over the fitted values | transform, add terms, another model |
# | independent rows | standard errors wrong, too small when the features are alike from row to row as well; effective n is then smaller | residuals in row order, Durbin-Watson far below 2 | model the time or the groups, clustered errors |
# | one spread | classical errors wrong; coefficients still unbiased | width of the residuals over the fitted values | HC3, weights, logs |
# | no row decides alone | the fit describes one row | leverage, Cook's distance above 1 | look at the row; mend or report both fits |
# | features not dependent | single coefficients vague, signs flip | VIF above 10 | drop, combine, ridge; or leave it if you only predict |
# | normal noise | p-values of *small* samples off | quantile plot of the residuals | hardly needed: many rows make $\hat\beta$ nearly normal |
#
# The Durbin-Watson statistic is $\sum_{i>1}(e_i - e_{i-1})^2 / \sum_i e_i^2$: about 2 when neighbours are independent, near 0 when they are alike.
#
# ### Exercise: `diagnose`
# Six fits, named A to F, of 300 rows each. Some are real (diamonds), some simulated; the cell that makes them is folded, and a seed has shuffled the letters. Each has one **main** fault, or none: the label is the one that stands out in the table. (Real stones are never perfectly clean, and a fault can look like another in a picture: one steering row tilts the rest, a funnel makes its ends look off-centre.) Below are the evidence and the pictures.
#
# Reading the evidence: residuals are sorted by fitted value and cut into fifths. `low`, `middle`, `high` are the mean residual in the lowest, the middle and the highest fifth, in units of the residual standard deviation. `spread` is the interquartile range in the highest fifth over that in the lowest. The other columns you know.
#
# **Before you look at the table:** for each assumption above, which column should react?

# %% fold=true
generator = np.random.default_rng(3)
n = 300


def stones(rows):
    return rows.iloc[generator.choice(len(rows), n, replace=False)].reset_index(drop=True)


def simulated(noise):
    X = generator.normal(size=(n, 2))
    return X, 1 + X @ [2.0, 1.0] + noise


def first():
    return simulated(generator.normal(size=n))


def second():
    s = stones(sound[sound.carat < 1.8])
    return s[["carat"]].to_numpy(), np.log(s.price.to_numpy())


def third():
    s = stones(sound[sound.carat < 1.8])
    return s[["carat"]].to_numpy() ** 1.6, s.price.to_numpy(dtype=float)


def fourth():
    noise = generator.normal(size=n)
    for t in range(1, n):
        noise[t] += 0.7 * noise[t - 1]
    return simulated(noise)


def fifth():
    s = np.log(stones(sound)[["carat", "x", "y", "z", "price"]].to_numpy())
    return s[:, :4], s[:, 4]


def sixth():
    s = stones(sound)
    s.loc[n // 3] = diamonds.loc[24067]
    return np.log(s[["y"]].to_numpy(dtype=float)), np.log(s.carat.to_numpy(dtype=float))


made = [make() for make in (first, second, third, fourth, fifth, sixth)]
fits = {
    name: made[i]
    for name, i in zip("ABCDEF", np.random.default_rng(17).permutation(6), strict=True)
}


# %% tags=["illustration"]
def evidence(X, y):
    """What the residuals, the rows and the columns of one fit say."""
    D = np.column_stack([np.ones(len(y)), X])
    fitted = D @ np.linalg.lstsq(D, y, rcond=None)[0]
    e = y - fitted
    fifths = [e[rows] for rows in np.array_split(np.argsort(fitted), 5)]
    low, middle, high = fifths[0], fifths[2], fifths[4]
    cooks = OLS(y, D).fit().get_influence().cooks_distance[0]
    return {
        "low": low.mean() / e.std(),
        "middle": middle.mean() / e.std(),
        "high": high.mean() / e.std(),
        "spread": stats.iqr(high) / stats.iqr(low),
        "Durbin-Watson": np.sum(np.diff(e) ** 2) / np.sum(e**2),
        "largest VIF": np.diag(np.linalg.inv(np.atleast_2d(np.corrcoef(X.T)))).max(),
        "largest Cook's distance": cooks.max(),
    }


pd.DataFrame({name: evidence(*fit) for name, fit in fits.items()}).T.round(2)

# %% tags=["illustration"]
fig, axes = plt.subplots(6, 2, figsize=(9, 13), sharex="col", gridspec_kw={"wspace": 0.15})
for (name, (X, y)), (left_ax, right_ax) in zip(fits.items(), axes, strict=True):
    D = np.column_stack([np.ones(len(y)), X])
    fitted = D @ np.linalg.lstsq(D, y, rcond=None)[0]
    e = (y - fitted) / (y - fitted).std()
    rank = np.linspace(0, 100, len(y))
    left_ax.scatter(rank, e[np.argsort(fitted)], s=8, color=BLUE, alpha=0.7)
    right_ax.plot(e, color=BLUE, lw=0.8)
    for ax in (left_ax, right_ax):
        ax.axhline(0, color=GREY, lw=0.8, ls=":")
    left_ax.set_ylabel(f"fit {name}: residual (SD)")
axes[0, 0].set_title("over the rank of the fitted value", loc="left")
axes[0, 1].set_title("in the order of the rows", loc="left")
axes[-1, 0].set_xlabel("rank of the fitted value (%)")
axes[-1, 1].set_xlabel("row")
plt.show()

# %% [markdown]
# *In words:* left, the residuals of each fit from the smallest to the largest fitted value; right, the same residuals in the order of the rows. The table above has the same facts as numbers.
#
# Write `diagnose(name)`: it takes `"A"` to `"F"` and returns one of these six labels as text.
#
# | label | means |
# |---|---|
# | `"none"` | nothing is broken |
# | `"nonlinear"` | the mean is bent |
# | `"heteroscedastic"` | the spread changes |
# | `"dependent"` | neighbouring rows are alike |
# | `"collinear"` | features repeat each other |
# | `"influential"` | one row steers the fit |
#
# It may look at `fits[name]`, or just say what you concluded. *The check* counts each fit on its own.


# %% ex="diagnose" points=3
def diagnose(name):
    """Which assumption is broken in the fit of that name.

    name: "A" to "F". Returns one of the six labels.
    """
    ### BEGIN SOLUTION
    seen = evidence(*fits[name])
    if seen["largest VIF"] > 10:
        return "collinear"
    if seen["largest Cook's distance"] > 1:
        return "influential"
    if seen["Durbin-Watson"] < 1.2:
        return "dependent"
    if abs(seen["middle"] - (seen["low"] + seen["high"]) / 2) > 0.5:
        return "nonlinear"
    return "heteroscedastic" if seen["spread"] > 3 else "none"
    ### END SOLUTION


# %% [markdown]
# # Part 3 · Descend it
# ## 3.1 Gradient descent
# When there are millions of columns, or the model is no longer linear, nobody solves equations: one walks downhill. From here on the loss is
#
# $$L(b) = \frac{1}{2n}\,\mathrm{RSS}(b) ,$$
#
# with the factor chosen so that things come out even: its gradient is $\nabla L = -\frac1n Z^\top(t - Zb)$ (the 2 of the square is gone), and its size does not grow with the number of rows.
#
# What are $Z$ and $t$? **Standardised** features and a **centred** response: $Z_{ij} = (X_{ij} - m_j)/s_j$ with $m_j$ the mean and $s_j$ the standard deviation of column $j$ (divided by $n$: `ddof=0`, NumPy's default; pandas' default is 1), and $t = y - \bar y$. Scaling is not cosmetics, as 3.2 shows. Centring saves the intercept: with columns of mean zero its best value is $\bar y$, whatever the slopes are.
#
# One step with **learning rate** $lr$ moves all coefficients at once, against the gradient:
#
# $$b \leftarrow b - lr\cdot\nabla L(b) .$$
#
# By hand, on the five stones: one feature, so $Z$ is one column, and the start is $b = 0$.

# %% tags=["illustration"]
z = (X5[:, 1] - X5[:, 1].mean()) / X5[:, 1].std()
t5 = y5 - y5.mean()
b, lr = 0.0, 0.5
for _ in range(4):
    gradient = -(z * (t5 - z * b)).mean()
    loss = ((t5 - z * b) ** 2).mean() / 2
    print(f"b = {b:8.2f}   loss {loss:12,.0f}   gradient {gradient:9.2f}", end="   ")
    b = b - lr * gradient
    print(f"next b = {b:8.2f}")
print(f"least squares says {(z * t5).mean():.2f}: each step goes half of the remaining way")

# %% [markdown]
# ### Exercise: `gradient_descent`
# A blank page this time. `X` holds raw features of any units. Standardise them (`ddof=0`), centre `y`, start at zeros, and take `steps` steps on $L = \mathrm{RSS}/(2n)$. Return the whole **path** of coefficients of the standardised features: shape `(steps + 1, p)`, row 0 the zeros you start from, row $k$ the coefficients after $k$ steps. No intercept column.
#
# *The check* asks for a first step, for a whole path, and for columns whose units differ by a factor of ten thousand. (Forget to centre `y` and the path is the same, since standardised columns are orthogonal to a constant; the check does not mind.)


# %% ex="gradient_descent" points=3
def gradient_descent(X, y, lr, steps):
    """Path of gradient descent on RSS/(2n), features standardised and response centred.

    X: (n, p) raw features, y: (n,), lr: learning rate > 0, steps: number of steps.
    Returns (steps + 1, p), starting with a row of zeros.
    """
    ### BEGIN SOLUTION
    n, p = X.shape
    Z = (X - np.mean(X, axis=0)) / np.std(X, axis=0)
    centred = y - np.mean(y)
    path = np.zeros((steps + 1, p))
    for k in range(steps):
        slope = Z.T @ (Z @ path[k] - centred) / n
        path[k + 1] = path[k] - lr * slope
    return path
    ### END SOLUTION


# %% [markdown]
# ## 3.2 The landscape
# With two features the loss is a landscape over the plane, and the path can be drawn on its map. Price on `carat` and `depth`, both centred: the weights spread over half a carat, the depths over one and a half percent. To show the whole trouble, these walks start a little off the straight way to the solution.
#
# **Before you run:** the first two maps have raw units, the third one standardised features. Which valley is long and narrow? The second map has the same valley as the first, and a rate that is a tenth larger. What will the path do?

# %% tags=["illustration"]
pair = sound[["carat", "depth"]].to_numpy()
raw_pair = pair - pair.mean(axis=0)
unit_pair = raw_pair / raw_pair.std(axis=0)
t_all = (y1 - y1.mean()) / 1000  # thousands of dollars
start = np.array([0.0, 1.2])


def walk(Z, lr, steps):
    """The descent path, from the closed form along the eigenvectors of the Hessian."""
    curvature, directions = np.linalg.eigh(Z.T @ Z / len(Z))
    goal = np.linalg.lstsq(Z, t_all, rcond=None)[0]
    k = np.arange(steps + 1)[:, None]
    return goal + ((start - goal) @ directions * (1 - lr * curvature) ** k) @ directions.T


def draw_landscape(ax, Z, lr, steps, title):
    H = Z.T @ Z / len(Z)
    goal = np.linalg.lstsq(Z, t_all, rcond=None)[0]
    u, v = np.linspace(-1.5, 12, 200), np.linspace(-2.6, 2.6, 100)
    U, W = np.meshgrid(u - goal[0], v - goal[1])
    above = (H[0, 0] * U**2 + 2 * H[0, 1] * U * W + H[1, 1] * W**2) / 2  # loss above its minimum
    ax.contour(u, v, above, levels=np.geomspace(0.03, 30, 10), colors=GREY, linewidths=0.7)
    ax.plot(*walk(Z, lr, steps).T, color=ORANGE, marker="o", ms=3, lw=1.2)
    ax.plot(*start, marker="s", color="black", ms=6)
    ax.plot(*goal, marker="*", color=BLUE, ms=13)
    ax.set(aspect="equal", xlim=u[[0, -1]], ylim=v[[0, -1]], ylabel="coefficient\nof depth")
    ax.set_title(title, loc="left", fontsize=10)


fig, axes = plt.subplots(3, 1, figsize=(7, 9.5))
draw_landscape(axes[0], raw_pair, 0.93, 40, "raw units, lr 0.93, 40 steps")
draw_landscape(axes[1], raw_pair, 1.03, 7, "raw units, lr 1.03, 7 steps")
draw_landscape(axes[2], unit_pair, 0.93, 40, "standardised features, lr 0.93, 40 steps")
axes[2].set_xlabel("coefficient of carat (thousand dollars per unit)")
plt.show()
for name, Z in {"raw units": raw_pair, "standardised": unit_pair}.items():
    curvature = np.linalg.eigvalsh(Z.T @ Z / len(Z))
    print(f"{name:13s} curvatures {curvature.round(3)}, ratio {curvature[-1] / curvature[0]:.2f}")

# %% [markdown]
# *In words:* contour lines of the loss, the path from the start (square) to the solution (star). Above, a long narrow valley: the path jumps across it from wall to wall and creeps along it. In the middle, a rate a tenth larger: each jump lands higher than the last, and the walk leaves the map. Below, the same data standardised: the valley is nearly round, and the path is there after two steps.
#
# ### Why: one number per direction
# $L$ is quadratic, with second derivative (Hessian) $H = X^\top X/n$ (the usual letter; not the hat matrix of 2.2), so $\nabla L(b) = H(b - b^*)$ around the solution $b^*$. Subtract $b^*$ on both sides of the update, and write $d_k = b_k - b^*$ for the **error** after $k$ steps:
#
# $$d_{k+1} = d_k - lr\,H d_k = (I - lr\,H)\,d_k .$$
#
# Along an eigenvector of $H$ with eigenvalue (curvature) $\lambda_i$, the matrix is a number: every step multiplies the error by $1 - lr\,\lambda_i$, so after $k$ steps it is $(1 - lr\,\lambda_i)^k$ of what it was. The number may be negative: then the path jumps across. It shrinks as long as $|1 - lr\,\lambda_i| < 1$, and all directions must shrink. Check the multiplication on one step of the raw pair:

# %% tags=["illustration"]
H = raw_pair.T @ raw_pair / len(raw_pair)
curvature, directions = np.linalg.eigh(H)
error = (walk(raw_pair, 0.93, 5) - np.linalg.lstsq(raw_pair, t_all, rcond=None)[0]) @ directions
print("error after 5 steps / after 4 steps:", (error[5] / error[4]).round(4))
print("1 - lr * curvature:                 ", (1 - 0.93 * curvature).round(4))

# %% [markdown]
# ### Exercise: `max_stable_lr`
# Return the upper limit of the stable learning rates, for $L = \mathrm{RSS}/(2n)$ and the design matrix `X` **as it is** (no scaling, no centring, no column added): below it every direction shrinks, above it some direction grows. Ask of each eigenvalue of $H = X^\top X/n$ which rates keep $1 - lr\,\lambda_i$ between $-1$ and $1$; the strictest one decides. `np.linalg.eigvalsh` gives the eigenvalues of a symmetric matrix.
#
# *The check* asks for the value on three designs.


# %% ex="max_stable_lr" points=1
def max_stable_lr(X):
    """The limit of the learning rates with which descent on RSS/(2n) converges.

    X: (n, p) design matrix of full column rank. Returns a number.
    """
    ### BEGIN SOLUTION
    hessian = X.T @ X / X.shape[0]
    return float(2.0 / np.max(np.linalg.eigvalsh(hessian)))
    ### END SOLUTION


# %% [markdown]
# ### How long does it take?
# The slowest direction decides, and *which* one that is depends on the rate. Two curvatures, 1 and 0.2, so the limit of the rates is 2. **Before you run:** for each of the three rates, which of the two directions arrives last?

# %% tags=["illustration"]
fig, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True)
k = np.arange(41)
for ax, rate in zip(axes, (0.5, 1.6, 1.95), strict=True):
    ax.semilogy(k, np.abs(1 - rate * 1.0) ** k, color=ORANGE, lw=2, ls="--", label="steep, λ = 1")
    ax.semilogy(k, np.abs(1 - rate * 0.2) ** k, color=BLUE, lw=2, label="flat, λ = 0.2")
    ax.axhline(1e-3, color=GREY, lw=0.8, ls=":")
    ax.set(xlabel="step", ylim=(1e-6, 1.5))
    ax.minorticks_off()
    ax.set_title(f"lr = {rate}", loc="left")
axes[0].set_ylabel("size of the error,\nstart = 1")
fig.legend(
    *axes[0].get_legend_handles_labels(),
    frameon=False,
    ncols=2,
    loc="upper center",
    bbox_to_anchor=(0.5, -0.02),
)
plt.show()
for rate in (0.5, 1.6, 1.95):
    print(f"lr {rate}: factor of the steep direction {1 - rate:+.2f}", end=", ")
    print(f"of the flat one {1 - rate * 0.2:+.2f}")

# %% [markdown]
# *In words:* at a small rate the flat direction (solid) is slow; at 1.6 both lines fall almost together; near the limit the steep direction (dashed), which overshoots from side to side, becomes the slow one. The dotted line marks a thousandth of the start.
#
# ### Exercise: `steps_to_converge`
# Return the smallest whole number $k$ of steps after which the error is at most `tol` times its size at the start, **whatever the start**: every direction has to be there. `X` is the design matrix as it is, `0 < tol < 1`. If that never happens, because `lr` is at or beyond the limit, return `math.inf` (or `np.inf`).
#
# With $\rho = \max_i |1 - lr\,\lambda_i|$, the worst error after $k$ steps is $\rho^k$ of the start. A bound like $\rho^k \le tol$ is solved with logarithms; note that $\log\rho$ is negative while $\rho < 1$, so the inequality turns around. For $\rho = 0.9$ and $tol = 0.1$: $\log 0.1/\log 0.9 = 21.85$, so 22 steps. (If $\rho = 0$, one step is enough; the check does not ask for that.)
#
# *The check* counts rates that converge (small, medium, near the limit) and rates that do not.


# %% ex="steps_to_converge" points=2
def steps_to_converge(X, lr, tol):
    """Steps until the error is at most tol times its start, for the worst start.

    X: (n, p) design matrix of full column rank, lr > 0, 0 < tol < 1.
    Returns a whole number, or infinity.
    """
    ### BEGIN SOLUTION
    shrink = np.abs(1.0 - lr * np.linalg.eigvalsh(X.T @ X / X.shape[0]))
    slowest = shrink.max()
    if slowest >= 1.0:
        return np.inf
    return max(1, int(np.ceil(np.log(tol) / np.log(slowest)))) if slowest > 0.0 else 1
    ### END SOLUTION


# %% [markdown]
# The rate that makes the slowest direction as fast as possible balances the two ends, $lr = 2/(\lambda_{\min}+\lambda_{\max})$, and gives $\rho = (\kappa-1)/(\kappa+1)$ with $\kappa = \lambda_{\max}/\lambda_{\min}$: the number of steps grows in proportion to $\kappa$. That is the price of a narrow valley, the reason to scale features, and the reason why optimisers with momentum or per-coordinate rates exist.
#
# ## 3.3 Ridge: a valley made rounder
# Collinear columns make a valley with a floor that is almost flat: many $b$ fit nearly alike. **Ridge** adds a penalty on size,
#
# $$\mathrm{RSS}(b) + \lambda\lVert b\rVert^2 ,$$
#
# where the sum of squares is over all rows (not averaged) and $b$ belongs to standardised features. From here on $\lambda$ without an index is the **penalty**, as everybody writes it; eigenvalues are called $\mu_i$. Differentiate: $-2Z^\top(t - Zb) + 2\lambda b = 0$, so
#
# $$(Z^\top Z + \lambda I)\,b = Z^\top t .$$
#
# Every eigenvalue of $Z^\top Z$ has grown by $\lambda$. Along an eigenvector with eigenvalue $\mu_i$ the least-squares coefficient is multiplied by $\mu_i/(\mu_i+\lambda)$: strong directions hardly notice, weak ones are shrunk to almost nothing. Three details decide whether it is right:
#
# * **Scale first.** The penalty compares coefficients with one another, so they must be in comparable units. Otherwise a length in millimetres and the same length in metres get different fits.
# * **Leave the intercept alone.** Shrinking it would pull the predictions towards zero, which is no meaningful price. Centring does it: solve for $t = y - \bar y$ with centred columns, and the intercept does not take part.
# * **Translate back.** The fit is $\hat y = \bar y + \sum_j b_j\,(x_j - m_j)/s_j$. Read off the slope per unit of $x_j$, and collect everything that does not depend on $x$ into the intercept.
#
# The **ridge trace** shows the coefficients over $\lambda$, here for 500 sound stones and standardised features. **Before you run:** look back at the inflation factors of the sound stones in 2.4. Which coefficients will rush together at a small λ, and which one will hardly stir?

# %% tags=["illustration"]
sample = sound.sample(500, random_state=5)
Z = sample[features].to_numpy()
Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
t500 = sample.price.to_numpy() - sample.price.mean()
U, s, Vt = np.linalg.svd(Z, full_matrices=False)
lams = np.logspace(-2, 5, 120)
trace = np.array([Vt.T @ (s / (s**2 + lam) * (U.T @ t500)) for lam in lams])

fig, ax = plt.subplots(figsize=(7.5, 3.8))
styles = {
    "carat": (BLUE, "-"),
    "x": (BLUE, "--"),
    "y": (BLUE, ":"),
    "z": (BLUE, "-."),
    "depth": (ORANGE, "-"),
    "table": (ORANGE, "--"),
}
for name, values in zip(features, trace.T, strict=True):
    colour, style = styles[name]
    ax.semilogx(lams, values, color=colour, ls=style, lw=1.8, label=name)
ax.axhline(0, color=GREY, lw=0.8)
ax.set(xlabel="λ", ylabel="price per standard deviation (US dollar)")
ax.legend(frameon=False, ncols=2, loc="upper right")
ax.set_title("Ridge trace of 500 stones", loc="left")
plt.show()
print("eigenvalues of Z'Z:", (s**2).round(1))

# %% [markdown]
# *In words:* `y` and `z` start thousands of dollars apart, with opposite signs, and have met `x` by about λ = 100, which is large beside the small eigenvalues and still below the large ones: most of their difference lies along the weak directions. `depth`, which is computed from the three lengths, moves early too; `carat` follows later; `table`, which nothing repeats, hardly stirs. At the right end everything shrinks to zero.
#
# ### Exercise: `ridge`
# `X` holds raw features, `lam` $= \lambda \ge 0$. Minimise $\mathrm{RSS} + \lambda\lVert b\rVert^2$ over standardised features (`ddof=0`) with the intercept unpenalised, then translate back. Return shape $(p+1,)$, in the **units of `X`**: the intercept first, so that `result[0] + X @ result[1:]` predicts $y$. With `lam = 0` it is least squares.
#
# *The check* gives you columns that are standardised already (1 point), then columns of any unit (2 points).


# %% ex="ridge" points=3
def ridge(X, y, lam):
    """Ridge coefficients in the units of X, features standardised inside, intercept free.

    X: (n, p) raw features, y: (n,), lam >= 0. Returns (p + 1,): intercept first.
    """
    ### BEGIN SOLUTION
    location, scale = np.mean(X, axis=0), np.std(X, axis=0)
    Z = (X - location) / scale
    p = Z.shape[1]
    b = np.linalg.solve(Z.T @ Z + lam * np.identity(p), Z.T @ (y - np.mean(y)))
    per_unit = b / scale
    return np.concatenate([[np.mean(y) - location @ per_unit], per_unit])
    ### END SOLUTION


# %% [markdown]
# Does it buy anything? The experiment of 2.4 once more, standardised, with three penalties. **Before you run:** what happens to the spread of the coefficients, and what to the error on stones that were not in the sample?

# %% tags=["illustration"]
Z_all = sound[features].to_numpy()
Z_all = (Z_all - Z_all.mean(axis=0)) / Z_all.std(axis=0)
lams = (0.0, 0.5, 5.0)
found, missed = [], []  # (300, 3, 6) and (300, 3)
rng = np.random.default_rng(6)
for _ in range(300):
    s = rng.choice(len(Z_all), 500, replace=False)
    others = rng.choice(len(Z_all), 500)
    centre, base = Z_all[s].mean(axis=0), y1[s].mean()
    Z, t = Z_all[s] - centre, y1[s] - base
    b = [np.linalg.solve(Z.T @ Z + lam * np.eye(6), Z.T @ t) for lam in lams]
    found.append(b)
    missed.append([np.abs(y1[others] - base - (Z_all[others] - centre) @ c).mean() for c in b])

names = [f"λ = {lam:g}" for lam in lams]
print("standard deviation of the coefficients over 300 samples (dollars per standard deviation):")
print(pd.DataFrame(np.std(found, axis=0).T, features, names).round(0).to_string())
print("\nmean absolute error on other stones (dollars):")
print(pd.DataFrame([np.mean(missed, axis=0)], ["error"], names).round(0).to_string())

# %% [markdown]
# A small penalty cuts the spread of `x`, `y` and `z` to less than half, and the error on other stones comes out a little lower, if anything. A larger one cuts the spread about tenfold and costs accuracy: the directions that it shrinks did carry something. Stability is bought with bias, so λ is chosen on data that the fit has not seen.
#
# # A short quiz
# Four questions for no points; every option comes with its reason.

# %% quiz="linear_regression"

# %% [markdown]
# # Say it aloud
# Answer each aloud, in two minutes, before you unfold it.
#
# **1. "Derive the normal equations, then tell me why you would not code them."**
# <details><summary>A model answer</summary>
#
# The loss is the squared length of $y - X\beta$. Its gradient is $-2X^\top(y - X\beta)$; setting it to zero gives $X^\top X\beta = X^\top y$, which says that the residual is orthogonal to every column. The Hessian $2X^\top X$ is positive semi-definite, so this is a minimum, a unique one if the columns are independent. In code I would not form $X^\top X$: its condition number is the square of that of $X$, so I would lose twice as many digits. QR gives $R\beta = Q^\top y$ and, while the residual is small, errors that grow with the condition number of $X$ itself; for many features I would use an iterative method. And never an explicit inverse: it costs more and solves the equations less exactly.
# </details>
#
# **2. "Your residuals fan out. Which of your results are still right?"**
# <details><summary>A model answer</summary>
#
# If the mean is right, the coefficients are still unbiased and consistent; least squares is just no longer the most efficient estimate. What is wrong are the classical standard errors, so tests and intervals, and in either direction. I would report HC3 errors, which use each row's leave-one-out residual. Then I would ask why it fans out: for prices the noise is usually relative, and taking logs mends the spread, often the bend as well. Prediction intervals need a model of the spread; robust errors do not give them. And I would check single rows first: a few with high leverage can look like a funnel.
# </details>
#
# **3. "Two of your features are almost identical. What happens, and what do you do?"**
# <details><summary>A model answer</summary>
#
# The fit can move weight from one to the other at almost no cost, so the single coefficients get huge variances and unstable signs; the VIF says by how much. Their sum and the predictions are well determined, so if I only predict on similar data, I may do nothing. If somebody wants to read the coefficients, I drop one, combine them, or use ridge, which shrinks the undetermined direction most: the factor along an eigenvector is $\mu/(\mu+\lambda)$. In gradient descent the same fact shows as a narrow valley: the number of steps grows with the ratio of the largest to the smallest curvature.
# </details>
#
# # What to read next
# * T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd edition, 2009: section 3.2 (least squares), 3.4.1 (ridge).
# * L. N. Trefethen, D. Bau, *Numerical Linear Algebra*, 1997: lectures 7 to 11 (QR and least squares), 18 and 19 (conditioning and stability of least squares).
# * J. S. Long, L. H. Ervin, "Using heteroscedasticity consistent standard errors in the linear regression model", *The American Statistician* 54(3), 2000: why HC3.
# * D. A. Belsley, E. Kuh, R. E. Welsch, *Regression Diagnostics*, 1980: leverage, influence, collinearity.
# * G. Goh, "Why momentum really works", *Distill*, 2017: descent, one eigenvector at a time.
