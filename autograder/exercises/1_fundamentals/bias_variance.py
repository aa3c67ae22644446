# %% [markdown]
# # Bias and variance: the tradeoff, measured
#
# **Why an interviewer asks this.** "Your model does well in training and badly in production: what now?" is where most ML interviews arrive sooner or later, and bias and variance are the two words that turn guessing into a diagnosis.
# Nearly everybody can say the words; few can derive the decomposition, say what it costs to measure it, and name the remedy that follows from it.
# And the sharper interviewer goes on to the places where the textbook picture bends: bagging, early stopping, double descent.
#
# The way:
#
# 1. **One fit is luck.** The decomposition, derived, then proved on fresh labels. An explorer to play with.
# 2. **One sample is all you have.** What can be seen of bias and variance without knowing the truth: bootstrap, learning curves, cross-validation, all on real diamonds.
# 3. **Why the remedies work.** Bagging and its correlation, regularisation and its path.
# 4. **Double descent, honestly.** Where it comes from, on which axis, and when it stays away.
#
# Read, predict before you run, solve, check. If you are stuck, `hint("decompose")` gives a nudge, a stronger one, and one that is nearly there.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.polynomial.chebyshev import chebval, chebvander
from sklearn.ensemble import BaggingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_score, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from pitfalls import load
from pitfalls.widgets import TradeoffExplorer

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
    }
)
pd.set_option("display.precision", 4)


def ticks(axis, x=(), y=()):
    """Plain numbers at these places of a logarithmic axis."""
    if len(x):
        axis.set_xticks(x, [f"{value:g}" for value in x])
        axis.set_xticks([], minor=True)
    if len(y):
        axis.set_yticks(y, [f"{value:g}" for value in y])
        axis.set_yticks([], minor=True)


# %% [markdown]
# # Part 1 · One fit is luck
# ## 1.1 A hundred samples in place of one
# Part 1 is **simulated**, on purpose: bias compares fits with the truth, so it can be measured only where the truth is known. Parts 2 and 3 are about real data.
#
# The truth is one wave, $f(x) = \sin(4x + 1)$ on $[-1, 1]$. A sample has $n$ rows, one $x$ in each of $n$ equal cells, and labels $y = f(x) + \varepsilon$ with noise of standard deviation $\sigma$.
# The models are polynomials: degree 0 is a constant, degree 1 a line, and so on. (They are written in Chebyshev polynomials, $T_0 = 1$, $T_1 = x$, $T_{k+1} = 2xT_k - T_{k-1}$: the same curves as with powers of $x$, but the columns are nearly orthogonal, so nothing here is a matter of rounding.)


# %% tags=["illustration"]
def truth(x):
    return np.sin(4 * x + 1)


def draw(samples, rows, noise, rng):
    """Many samples at once: x and y of shape (samples, rows)."""
    x = -1 + 2 * (np.arange(rows) + rng.random((samples, rows))) / rows
    return x, truth(x) + noise * rng.normal(size=(samples, rows))


def fit(x, y, degree, lam=0.0):
    """One polynomial for each sample: coefficients of shape (samples, degree + 1).

    With lam > 0 a ridge: the sum of squared coefficients, without the constant's, is penalised.
    """
    V = chebvander(x, degree)  # (samples, rows, degree + 1)
    penalty = lam * np.diag(np.arange(degree + 1) > 0)
    return np.linalg.solve(V.mT @ V + penalty, V.mT @ y[..., None])[..., 0]


def at(points, coefficients):
    """Predictions: one row for each fit, one column for each point."""
    return chebval(points, coefficients.T)


rng = np.random.default_rng(0)
x, y = draw(1, rows=30, noise=0.3, rng=rng)
print("one sample:", x.shape, y.shape)

# %% [markdown]
# **Before you run:** the first sample, fitted with degrees 1, 5 and 15. Which fit has the smallest error on its own 30 rows? Which comes closest to the truth? Say both aloud.

# %% tags=["illustration"]
grid = np.linspace(-1, 1, 101)

figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True)
for axis, degree in zip(axes, (1, 5, 15), strict=True):
    c = fit(x, y, degree)
    axis.plot(x[0], y[0], "o", color=GREY, markersize=3)
    axis.plot(grid, truth(grid), color="black", label="truth")
    axis.plot(grid, at(grid, c)[0], "--", color=ORANGE, label="fit")
    own = np.mean((chebval(x[0], c[0]) - y[0]) ** 2)
    missed = np.mean((at(grid, c)[0] - truth(grid)) ** 2)
    axis.set_title(
        f"degree {degree}: error on own rows {own:.3f},\ndistance² from the truth {missed:.3f}",
        fontsize=9,
    )
    axis.set(ylim=(-2.2, 2.2), xlabel="x", ylabel="y" if degree == 1 else "")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# Three panels: a straight line that misses the wave, a curve that follows it, a curve that follows the *noise* and swings out at the ends. The error on the own rows falls from left to right; the distance from the truth falls and rises again.
#
# But this was one sample. Is the right curve bad because degree 15 is bad, or because these 30 rows were unlucky? One fit cannot tell. So draw the sample again, a hundred times, and fit each.
#
# **Before you run:** in which panel will the *average* of the hundred fits (dashed) lie on the truth? In which will the single fits (thin) lie close together?

# %% tags=["illustration"]
x, y = draw(100, rows=30, noise=0.3, rng=rng)

figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True)
for axis, degree in zip(axes, (1, 5, 15), strict=True):
    predictions = at(grid, fit(x, y, degree))  # (100, 101)
    axis.plot(grid, predictions[:30].T, color=BLUE, linewidth=0.5, alpha=0.4)
    axis.plot(grid, truth(grid), color="black", label="truth")
    axis.plot(
        grid, predictions.mean(axis=0), "--", color=ORANGE, linewidth=2.5, label="mean of 100 fits"
    )
    axis.set(
        title=f"degree {degree}", ylim=(-2.2, 2.2), xlabel="x", ylabel="y" if degree == 1 else ""
    )
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# Left: the fits agree with each other, and all miss the truth in the same way. Right: they disagree wildly, and their mean is (but for the ends) on the truth. Middle: close to each other *and* to the truth.
#
# That is all there is to the two words:
#
# * **bias**: how far the *mean* fit is from the truth. What all samples get wrong together.
# * **variance**: how far single fits are from their mean. What one sample gets wrong by itself.
#
# Both belong to a *procedure* (degree 5 on 30 rows), never to one fit.
#
# ## 1.2 The decomposition, derived
# Fix a point $x_0$, and write $f$ for $f(x_0)$, $\hat f$ for the prediction there (random, because the training sample is) and $y = f + \varepsilon$ for a new label. The new noise has mean 0 and variance $\sigma^2$, and it is independent of the training sample. We want the expected squared error $E[(y-\hat f)^2]$.
#
# **Step 1, split off the noise.** $y - \hat f = \varepsilon + (f - \hat f)$, so
# $$E[(y-\hat f)^2] = E[\varepsilon^2] + 2\,E[\varepsilon\,(f-\hat f)] + E[(f-\hat f)^2].$$
# $\varepsilon$ is independent of $\hat f$, so the cross term is $2\,E[\varepsilon]\,E[f-\hat f] = 0$. Left: $\sigma^2 + E[(f-\hat f)^2]$.
#
# **Step 2, split at the mean fit.** Write $\bar f = E[\hat f]$ and $f - \hat f = (f - \bar f) + (\bar f - \hat f)$. The first bracket is a constant, the second has mean 0, so the cross term $2\,(f-\bar f)\,E[\bar f - \hat f]$ is 0 again:
# $$E[(f-\hat f)^2] = \underbrace{(f-\bar f)^2}_{\text{bias}^2} + \underbrace{E[(\hat f-\bar f)^2]}_{\text{variance}} .$$
#
# **Together:** $\quad E[(y-\hat f)^2] = \text{bias}^2 + \text{variance} + \sigma^2 .$
#
# Nothing was approximated, and nothing was said about polynomials: it holds for any procedure, as long as the error is squared.
#
# ### Worked example
# A derivation that no number has seen is a rumour. Degree 3, one point, 20,000 samples. The last line is the trap that step 1 walks around: *training* labels are not independent of the fit.

# %% tags=["illustration"]
x, y = draw(20_000, rows=30, noise=0.3, rng=rng)
c = fit(x, y, degree=3)

x0 = 0.5
f = truth(x0)
f_hat = at(np.array([x0]), c)[:, 0]  # (20000,): one prediction a sample
epsilon = 0.3 * rng.normal(size=20_000)  # noise of new labels
middle = f_hat.mean()

print(f"step 1, cross term with new noise:     {2 * np.mean(epsilon * (f - f_hat)):+.5f}")
print(f"step 2, cross term at the mean fit:    {2 * np.mean((f - middle) * (middle - f_hat)):+.5f}")
print(f"left side,  E[(y - f_hat)²]:            {np.mean((f + epsilon - f_hat) ** 2):.5f}")
print(
    f"right side, {(f - middle) ** 2:.5f} + {np.mean((f_hat - middle) ** 2):.5f} + 0.09000:  "
    f"{(f - middle) ** 2 + np.mean((f_hat - middle) ** 2) + 0.09:.5f}"
)

row = 22  # one training row of every sample
own_noise = y[:, row] - truth(x[:, row])
own_fit = (chebvander(x[:, row], 3) * c).sum(axis=1)
print(
    f"the cross term with a row's own noise: {2 * np.mean(own_noise * (truth(x[:, row]) - own_fit)):+.5f}"
)

# %% [markdown]
# Step 2 is zero to the last digit: the mean is where it splits, by definition. Step 1 is zero up to the luck of 20,000 draws. With a row's *own* noise the cross term is clearly negative: the fit has bent towards that label, so training error is too good by that much. This is why the decomposition speaks of new labels.
#
# ### Exercise: `decompose`
# Now for all points at once. `predictions` has one row for each fit and one column for each test point. Return three numbers, each **averaged over the points**:
#
# 1. `bias2`, the squared bias;
# 2. `variance`, of the fits around their mean (divide by the number of fits, as the identity wants it);
# 3. `error`, the expected squared error on new labels, whose noise has the variance `noise_var`.
#
# The first line is there. *The check* gives one point for each of the three.


# %% ex="decompose" points=3
def decompose(predictions, truth, noise_var):
    """Squared bias, variance and expected test error.

    predictions: (fits, points), truth: (points,), noise_var: number.
    Returns (bias2, variance, error), each a number: the average over the points.
    """
    mean_fit = predictions.mean(axis=0)  # (points,): at each point, the average over the fits
    ### BEGIN SOLUTION
    bias2 = float(np.mean((mean_fit - truth) ** 2))
    variance = float(np.mean((predictions - mean_fit) ** 2))
    return bias2, variance, bias2 + variance + noise_var
    ### END SOLUTION


# %% [markdown]
# ## 1.3 Proved on fresh labels
# The sum must be the error that a test set shows. To make it a proof and not a tautology, take the two sides from *different* samples: terms from one half of 4,000 samples, test error on fresh labels from the other half.
#
# There is a second road to the terms, which needs no mean at all. Take **two independent fits** $\hat f_1, \hat f_2$ to two samples:
#
# * what they *share* of the miss: $E[(\hat f_1 - f)(\hat f_2 - f)] = \text{bias}^2$, since the product of independent deviations has mean 0;
# * what they *disagree* in: $\tfrac12 E[(\hat f_1 - \hat f_2)^2] = \text{variance}$.
#
# It is used from here on, so that you can read on whether or not you have solved the exercise (and you may compare it with your `decompose`: its bias² is larger by about variance/fits, because a mean of finitely many fits still scatters a little).


# %% tags=["illustration"]
def from_pairs(predictions, truth):
    """Squared bias and variance from pairs of independent fits."""
    first, second = predictions[::2], predictions[1::2]
    return np.mean((first - truth) * (second - truth)), np.mean((first - second) ** 2) / 2


rows = []
for degree in (1, 3, 5, 8):
    x, y = draw(4000, rows=30, noise=0.3, rng=rng)
    predictions = at(grid, fit(x, y, degree))
    bias2, variance = from_pairs(predictions[:2000], truth(grid))
    labels = truth(grid) + 0.3 * rng.normal(size=(2000, len(grid)))
    squared = ((labels - predictions[2000:]) ** 2).mean(axis=1)  # (2000,): one test error a fit
    pairs = (predictions[0:2000:2] - truth(grid)) ** 2 + (predictions[1:2000:2] - truth(grid)) ** 2
    doubt = np.sqrt(squared.var() / 2000 + (pairs.mean(axis=1) / 2).var() / 1000)
    rows.append([bias2, variance, 0.09, bias2 + variance + 0.09, squared.mean(), doubt])
columns = ["bias²", "variance", "noise", "sum", "measured", "Monte-Carlo error"]
proof = pd.DataFrame(rows, index=pd.Index([1, 3, 5, 8], name="degree"), columns=columns)
proof["(measured − sum) / error"] = (proof["measured"] - proof["sum"]) / proof["Monte-Carlo error"]
proof

# %% [markdown]
# Read the last column: the two sides differ by one or two Monte-Carlo standard errors, as two honest measurements of the same thing do. (The error is computed from the scatter of both halves; at 2,000 fits it is below one per cent of the sum.)
#
# ## 1.4 The tradeoff
# **Before you run:** for degrees 0 to 12, sketch four curves: bias², variance, their sum with the noise, and the error on the training rows. Where is the sum lowest? Where does the training error end?

# %% tags=["illustration"]
rows = []
for degree in range(13):
    x, y = draw(2000, rows=30, noise=0.3, rng=rng)
    c = fit(x, y, degree)
    own = (chebvander(x, degree) @ c[..., None])[..., 0]  # (2000, 30)
    rows.append([*from_pairs(at(grid, c), truth(grid)), np.mean((own - y) ** 2)])
tradeoff = pd.DataFrame(rows, columns=["bias²", "variance", "training error"])
tradeoff.index.name = "degree"
tradeoff["test error"] = tradeoff["bias²"] + tradeoff["variance"] + 0.09

figure, axis = plt.subplots(figsize=(7, 3.6))
axis.plot(tradeoff["bias²"], "-.", color=ORANGE, label="bias²")
axis.plot(tradeoff["variance"], "--", color=BLUE, label="variance")
axis.plot(
    tradeoff["test error"], "o-", color="black", markersize=4, label="bias² + variance + noise"
)
axis.plot(tradeoff["training error"], ":", color=GREY, label="training error")
axis.axhline(0.09, color=GREY, linewidth=0.7)
axis.annotate("noise, 0.09", (0.05, 0.097), color=GREY, fontsize=9)
axis.set(xlabel="degree of the polynomial", ylabel="mean squared error", ylim=(0, 0.62))
axis.legend(frameon=False)
plt.show()
tradeoff.round(4).T

# %% [markdown]
# The black curve is a U: bias falls, variance rises, and the lowest point is where one stops paying for the other. The training error knows nothing of it: it falls all the way, and from degree 4 on it lies *below the noise*, where no honest prediction can be.
#
# The variance column has a law in it. For least squares at $n$ rows with $p = \text{degree} + 1$ coefficients, the variance *at the training points* averages $\sigma^2 p/n$: each coefficient costs $\sigma^2/n$. Over the whole interval it is more, and explodes at high degrees, because the ends have rows on one side only.
#
# ## 1.5 Play with it
# The explorer draws 100 samples of the same truth, fits each, and takes the test error apart, in your browser. **Predict before you move:**
#
# 1. At degree 3, go from 30 rows to 200. Which term shrinks, and which does not care?
# 2. Back to 30 rows. At degree 12, raise λ from 0 until the sum is lowest. What did you buy, and with what?
# 3. λ = 0 again. Find the best degree at noise 0.3 with 30 rows. Then with 200 rows. Then with 30 rows and noise 0.8. Does the best degree stay?
# 4. Put the noise at 0. Is the variance now 0 as well?

# %% tags=["illustration"]
explorer = TradeoffExplorer(degree=3, noise=0.3, rows=30)
explorer

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# 1. The variance shrinks in step with 1/n. The bias stays: more rows of the same kind do not bend a cubic into a wave. What rows cannot cure is bias.
# 2. Variance falls by far more than bias² rises. The best λ is neither 0 nor large.
# 3. No. More rows make variance cheap, so the best degree rises; more noise makes it dear, so the best degree falls. "The right complexity" is a property of model *and* data.
# 4. Nearly, at high degrees. At low degrees something is left: the x of each sample lie elsewhere, and a curve that cannot follow the wave depends on where it was asked. Noise is not the only source of variance.
# </details>
#
# Never believe a picture that no library has seen. The next cell takes the settings from the explorer, wherever you have left them, and repeats the experiment in NumPy with other samples. (The browser's own samples are compared with NumPy digit by digit in this project's tests.)

# %% tags=["illustration"]
x, y = draw(2000, explorer.rows, explorer.noise, rng)
predictions = at(grid, fit(x, y, explorer.degree, explorer.lam))
bias2, variance = from_pairs(predictions, truth(grid))
print(f"NumPy, 2,000 samples:      bias² {bias2:.4f}, variance {variance:.4f}")
found = explorer.figures
if found:
    print(
        f"your browser, 100 samples: bias² {found['bias2']:.4f}, variance {found['variance']:.4f}"
    )
else:
    print("your browser has not drawn it yet")

# %% [markdown]
# # Part 2 · One sample is all you have
# In practice there is one sample and no truth. What can still be said?
#
# The data from here on are real: diamonds, their price predicted. For once we can even check the answers: the table is large, so it can play **the world**. We draw small samples from it, pretend to know nothing else, and then look.

# %% tags=["illustration"]
everything = load("diamonds").drop_duplicates()
possible = (everything[["x", "y", "z"]] > 0).all(axis=1) & (everything[["y", "z"]] < 20).all(axis=1)
diamonds = everything[possible].sample(frac=1, random_state=0).reset_index(drop=True)
print(f"{len(everything):,} different rows, {len(diamonds):,} with possible sizes, shuffled")

world = diamonds[diamonds.carat <= 2.5]
carat = world.carat.to_numpy()
log_price = np.log10(world.price.to_numpy())  # a step of 0.1 is a factor of 1.26
print(f"the world of this part: {len(world):,} stones up to 2.5 carat")

# %% [markdown]
# ## 2.1 The bootstrap: variance from one sample
# Variance asks what another sample would have given. We have no other sample, but the one we have looks like the world it came from. So **draw from it**: $n$ rows out of $n$, *with replacement*. Some rows come twice, some never. Fit, predict, repeat. The scatter of these fits estimates the scatter over real samples.
#
# Why with replacement? Without it, $n$ of $n$ rows is the same sample in another order. With it, a given row is missed by all $n$ draws with probability $(1 - 1/n)^n \approx e^{-1}$, so a bootstrap sample has about 63% of the rows.
# Why $n$ of $n$? The variance of a fit depends on how many rows it has. Draw fewer, and you learn about another procedure.
# And whole rows: a label must travel with its $x$.
#
# ### Exercise: `bootstrap_predictions`
# Fit a polynomial of the given degree to `fits` bootstrap samples, and return what each predicts at `x_new`: one row for each fit. `np.polyfit(x, y, degree)` and `np.polyval(coefficients, x_new)` will do; draw with the generator `rng` that is handed in.
#
# *The check* asks two things: that each label stays with its $x$ (1 point), and that each fit has $n$ rows, drawn with replacement, anew for each fit (2 points). It reads your draws off the fits, so any way of drawing will do.


# %% ex="bootstrap_predictions" points=3
def bootstrap_predictions(x, y, x_new, degree, fits, rng):
    """Predictions of polynomials fitted to bootstrap samples.

    x, y: (n,), x_new: (m,), degree, fits: whole numbers, rng: numpy Generator.
    Returns (fits, m).
    """
    n = len(x)
    predictions = np.empty((fits, len(x_new)))
    for b in range(fits):
        ### BEGIN SOLUTION
        drawn = rng.integers(0, n, n)
        curve = np.polyfit(x[drawn], y[drawn], degree)
        predictions[b] = np.polyval(curve, x_new)
        ### END SOLUTION
    return predictions


# %% [markdown]
# **Before you run:** a cubic of log price on carat, from 100 stones. The standard deviation of the prediction is computed twice: over 500 real samples from the world, and over 200 bootstrap samples of *one* sample, for three such samples. Where along the carats will both be largest? Will the bootstrap be closer to right than by a factor of two?
#
# (The cell uses scikit-learn's `BaggingRegressor`, which draws bootstrap samples as you did and keeps the fits.)


# %% tags=["illustration"]
def powers(carat):
    """The columns of a cubic, (n, 3)."""
    return chebvander((carat - 1.35) / 1.15, 3)[:, 1:]  # 0.2 to 2.5 carat become -1 to 1


carats = np.linspace(0.25, 2.4, 44)
rng = np.random.default_rng(1)


def real_samples(degree, count):
    """Fits to samples that are really drawn from the world."""
    fits = []
    for _ in range(count):
        rows = rng.choice(len(world), 100, replace=False)
        fits.append(np.polyval(np.polyfit(carat[rows], log_price[rows], degree), carats))
    return np.array(fits)


over_samples = real_samples(3, 500)

figure, axis = plt.subplots(figsize=(7, 3.4))
axis.plot(carats, over_samples.std(axis=0), color="black", linewidth=2.5, label="500 real samples")
for number, style in enumerate(("--", "-.", ":")):
    rows = rng.choice(len(world), 100, replace=False)
    bag = BaggingRegressor(LinearRegression(), n_estimators=200, random_state=number)
    bag.fit(powers(carat[rows]), log_price[rows])
    fits = np.array([member.predict(powers(carats)) for member in bag.estimators_])
    name = "200 bootstrap samples of one" if number == 0 else None
    axis.plot(carats, fits.std(axis=0), style, color=BLUE, label=name)
    ratio = fits.std(axis=0) / over_samples.std(axis=0)
    inner = carats < 1.6
    print(
        f"sample {number + 1}: bootstrap / real, median up to 1.6 carat {np.median(ratio[inner]):.2f}, "
        f"beyond {np.median(ratio[~inner]):.2f}; largest stone {carat[rows].max():.2f} carat"
    )
axis.set(
    xlabel="carat", ylabel="standard deviation of the\nprediction (log10 dollars)", yscale="log"
)
ticks(axis, y=(0.01, 0.03, 0.1, 0.3))
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# On a logarithmic axis: all curves are low where stones are many, below a carat and a half, and rise steeply where they are few. There each bootstrap follows the truth within a fifth, in the median, from a hundred rows. Beyond, they part: a sample with a handful of large stones cannot know how much *other* large stones would have moved the fit. The bootstrap knows what its sample knows.
#
# And it is blind to bias. **Before you run:** a straight line (degree 1) is too stiff here. Where will the bootstrap fits of one sample be centred: on the world's curve, or on the sample's own line?

# %% tags=["illustration"]
rows = rng.choice(len(world), 100, replace=False)
bag = BaggingRegressor(LinearRegression(), n_estimators=200, random_state=0)
bag.fit(carat[rows, None], log_price[rows])
fits = np.array([member.predict(carats[:, None]) for member in bag.estimators_])
own_line = np.polyval(np.polyfit(carat[rows], log_price[rows], 1), carats)
small = np.abs(carat - 0.3) < 0.005
at_03 = np.argmin(np.abs(carats - 0.3))
print(
    f"at 0.3 carat: {small.sum():,} stones of the world have the mean {log_price[small].mean():.3f}"
)
print(f"the sample's own line says                          {own_line[at_03]:.3f}")
print(
    f"its 200 bootstrap fits say                          {fits[:, at_03].mean():.3f} ± {fits[:, at_03].std():.3f}"
)
print(
    f"lines from 500 real samples say                     {real_samples(1, 500)[:, at_03].mean():.3f}"
)

# %% [markdown]
# The bootstrap fits gather around the sample's own line with a confident spread, and all of them are wrong in the same direction, as the real samples are. Resampling moves the fit around *itself*. For bias you need something that was not fitted: held-out rows.
#
# ## 2.2 Learning curves
# Held-out rows give one number, the sum of all three terms. To part bias from variance without a truth, watch that number while the training set grows, next to the training error.
#
# * **Variance** shrinks as rows are added. High variance: a low training error, a validation error far above, and the gap closing.
# * **Bias** does not. High bias: the two curves have met, above where you want to be. The training error *rises* with more rows (they are harder to fit at once) and is a floor for what more rows can reach.
#
# So the reading needs a third number, the **target**: what people reach, what the last model has, what the product needs. Then three questions, in this order, at the right end of the curves:
#
# | question | at the largest sample | verdict |
# |---|---|---|
# | 1. Is it good enough? | validation error ≤ target | `"good enough"` |
# | 2. Does it miss even its own rows? | training error > target | `"high bias"`: a more flexible model, better features |
# | 3. Does another doubling of the rows still help? | validation error at least 5% lower than at half the rows | `"more rows"` |
# | otherwise | variance, and rows no longer help | `"regularise"` |
#
# With bias *and* a gap, bias comes first: closing the gap would still leave you above the target.
#
# **Before you run:** four models of log price on six columns (log carat, depth, table, cut, colour, clarity as ranks), from 100 to 3,200 stones. Target: a root mean squared error of 0.12, about 12% of the price. A line, a cubic in all columns, a fully grown tree, boosted trees: which verdict does each get?

# %% tags=["illustration"]
features = pd.DataFrame(
    {
        "log carat": np.log(diamonds.carat),
        "depth": diamonds.depth,
        "table": diamonds.table,
        "cut": diamonds.cut.cat.codes,
        "color": diamonds.color.cat.codes,
        "clarity": diamonds.clarity.cat.codes,
    }
).to_numpy(float)
response = np.log(diamonds.price.to_numpy())  # natural log: an error of 0.12 is about 12%

models = {
    "linear": make_pipeline(StandardScaler(), LinearRegression()),
    "cubic": make_pipeline(StandardScaler(), PolynomialFeatures(3), LinearRegression()),
    "tree": DecisionTreeRegressor(random_state=0),
    "boosted trees": HistGradientBoostingRegressor(max_iter=50, random_state=0),
}
sizes = np.array([100, 200, 400, 800, 1600, 3200])
splits = ShuffleSplit(3, train_size=3200, test_size=3000, random_state=0)
curves = {}
for name, model in models.items():
    _, train, validation = learning_curve(
        model,
        features,
        response,
        train_sizes=sizes,
        cv=splits,
        scoring="neg_root_mean_squared_error",
    )
    curves[name] = -train.mean(axis=1), -validation.mean(axis=1)

figure, axes = plt.subplots(1, 4, figsize=(12, 3.1), sharey=True)
for axis, (name, (train, validation)) in zip(axes, curves.items(), strict=True):
    axis.plot(sizes, validation, "o-", color=ORANGE, markersize=4, label="validation")
    axis.plot(sizes, train, "s--", color=BLUE, markersize=4, label="training")
    axis.axhline(0.12, color=GREY, linewidth=0.8)
    axis.set(title=name, xlabel="training rows", xscale="log", ylim=(0, 0.36))
    ticks(axis, x=(100, 400, 1600))
axes[0].set_ylabel("root mean squared error\n(log price)")
axes[0].annotate("target", (100, 0.105), color=GREY, fontsize=9)
axes[0].legend(frameon=False)
plt.show()

pd.DataFrame(
    {
        name: [train[-1], validation[-1], f"{1 - validation[-1] / validation[-2]:.1%}"]
        for name, (train, validation) in curves.items()
    },
    index=["training error", "validation error", "lower than at 1,600 rows by"],
).T

# %% [markdown]
# Four panels. The line's two curves have met above the target; the cubic's have nearly met, around it; the tree knows its own rows by heart and still falls on others; the boosted trees have come below the target, gap and all.
#
# ### Exercise: `learning_curve_verdict`
# Write the table above as a function. `rows` is in ascending order and contains half of its last entry, but **not every step is a doubling**: look the half up.
#
# *The check* gives one point each: for knowing when to stop, for telling bias from variance, for what would help the variance.


# %% ex="learning_curve_verdict" points=3
def learning_curve_verdict(rows, train, validation, target):
    """Read a learning curve of errors.

    rows, train, validation: (k,), sizes ascending, mean errors at each; target: number.
    Returns "good enough", "high bias", "more rows" or "regularise".
    """
    ### BEGIN SOLUTION
    end = len(rows) - 1
    half = int(np.argmin(np.abs(np.asarray(rows) - rows[end] / 2)))
    if validation[end] <= target:
        return "good enough"
    if train[end] > target:
        return "high bias"
    fell = (validation[half] - validation[end]) / validation[half]
    return "more rows" if fell >= 0.05 else "regularise"
    ### END SOLUTION


# %% tags=["illustration"]
try:
    for name, (train, validation) in curves.items():
        print(f"{name:14}", learning_curve_verdict(sizes, train, validation, 0.12))
except NotImplementedError:
    print("This cell uses your learning_curve_verdict: come back when it is written.")

# %% [markdown]
# A verdict says what to *try*, not that it will suffice. Two of them, tried:

# %% tags=["illustration"]
shrunk = make_pipeline(
    StandardScaler(), PolynomialFeatures(3, include_bias=False), StandardScaler(), Ridge(1.0)
)
for name, model in {
    "cubic with a ridge": shrunk,
    "tree with 4 times the rows": models["tree"],
}.items():
    train_size = 3200 if "ridge" in name else 12_800
    split = ShuffleSplit(3, train_size=train_size, test_size=3000, random_state=0)
    scores = cross_val_score(
        model, features, response, cv=split, scoring="neg_root_mean_squared_error"
    )
    before = curves[name.split()[0]][1][-1]
    print(f"{name:27} validation error {before:.4f} -> {-scores.mean():.4f}")

# %% [markdown]
# Rows helped the tree, as its curve had promised. The ridge did nothing for the cubic: its variance was nearly gone at 3,200 rows, the gap only touched the target from both sides. So the next move there is another model, and the boosted trees show that there is one.
#
# ## 2.3 Choosing a degree
# Cross-validation makes held-out rows out of training rows: cut them into folds; for each fold, fit on the *other* folds and score on this one; average. Every row judges once, and never a fit that has seen it.
#
# One rule makes it honest: **whatever is chosen with the folds must be judged on rows outside of them.** The smallest of several noisy errors is partly luck, so it flatters. Hence a test set, locked away before the first fold is cut, and looked at once.
#
# ### Exercise: `degree_by_cv`
# `folds[i]` says in which fold row $i$ lies: 0, 1, 2, … Rows with `folds[i] == -1` are **locked away**: they take no part, neither in the fits nor in the scores. For each degree compute the mean over the folds of the fold's mean squared error. Return the degree with the smallest, and all the errors. (Each fold counts once, whatever its size.)
#
# *The check* gives 2 points for the errors, 1 for the degree, 1 for leaving locked rows locked.


# %% ex="degree_by_cv" points=4
def degree_by_cv(X, y, degrees, folds):
    """Choose the degree of a polynomial by cross-validation.

    X: (n, 1), y: (n,), degrees: list of whole numbers, folds: (n,), -1 for locked rows.
    Returns (degree, errors), errors with one mean squared error for each degree.
    """
    ### BEGIN SOLUTION
    x = X[:, 0]
    names = sorted(set(folds.tolist()) - {-1})
    errors = np.zeros(len(degrees))
    for j, degree in enumerate(degrees):
        for name in names:
            held_out = folds == name
            rest = ~held_out & (folds != -1)
            curve = np.polyfit(x[rest], y[rest], degree)
            missed = y[held_out] - np.polyval(curve, x[held_out])
            errors[j] += np.mean(missed**2) / len(names)
    return degrees[int(errors.argmin())], errors
    ### END SOLUTION


# %% [markdown]
# **Before you run:** log price on carat, 100 stones, degrees 1 to 8; the rest of the world, over 53,000 stones, stays locked and judges at the end. Draw the three curves in your mind: training error, cross-validation, the locked rows.


# %% tags=["illustration"]
degrees = list(range(1, 9))
columns = chebvander((carat - 1.35) / 1.15, 8)[:, 1:]  # (stones, 8): the first d make degree d


def three_errors(seed):
    """For each degree: on the 100 training rows, by cross-validation, on 10,000 locked rows."""
    shuffled = np.random.default_rng(seed).permutation(len(world))
    own, locked = shuffled[:100], shuffled[100:10_100]
    cv = KFold(5, shuffle=True, random_state=seed)
    table = []
    for degree in degrees:
        V = columns[:, :degree]
        scores = cross_val_score(
            LinearRegression(), V[own], log_price[own], cv=cv, scoring="neg_mean_squared_error"
        )
        model = LinearRegression().fit(V[own], log_price[own])
        on_own = np.mean((model.predict(V[own]) - log_price[own]) ** 2)
        on_locked = np.mean((model.predict(V[locked]) - log_price[locked]) ** 2)
        table.append([on_own, -scores.mean(), on_locked])
    return np.array(table)  # (degrees, 3)


one = three_errors(seed=2)
figure, axis = plt.subplots(figsize=(7, 3.4))
axis.plot(degrees, one[:, 2], "o-", color="black", markersize=4, label="locked rows")
axis.plot(degrees, one[:, 1], "s--", color=ORANGE, markersize=4, label="5-fold cross-validation")
axis.plot(degrees, one[:, 0], ":", color=GREY, label="training rows")
axis.set(xlabel="degree", ylabel="mean squared error\n(log10 dollars)²", yscale="log")
ticks(axis, y=(0.01, 0.02, 0.05, 0.1, 0.2))
axis.legend(frameon=False)
plt.show()
pd.DataFrame(
    one, index=pd.Index(degrees, name="degree"), columns=["training", "CV", "locked"]
).round(4).T

# %% [markdown]
# On a logarithmic axis: the training error creeps down. Cross-validation is level from degree 2 to 6, then more than ten times as high. One fold of the five does that: it holds the two largest stones, and the fits to the other four swing out there. On the locked rows the fits to all 100 stones are judged, and the top degrees cost half as much again as the best. One sample is luck, though. Fifteen samples, and three ways of choosing:

# %% tags=["illustration"]
errors = np.array([three_errors(seed) for seed in range(15)])  # (15, degrees, 3)
samples = np.arange(15)
for name, column in (("training error", 0), ("cross-validation", 1), ("locked rows", 2)):
    chosen = errors[:, :, column].argmin(axis=1)  # positions
    real = errors[samples, chosen, 2]
    picked = np.bincount(np.array(degrees)[chosen], minlength=9)[1:]
    print(
        f"chosen by {name:17} degrees 1..8 picked {picked}, error on locked rows: "
        f"median {np.median(real):.4f}, worst {real.max():.3g}"
    )
chosen = errors[:, :, 1].argmin(axis=1)
flattery = errors[samples, chosen, 2] / errors[samples, chosen, 1]
print(
    f"error on locked rows / cross-validated error of the chosen degree: median {np.median(flattery):.2f}"
)

# %% [markdown]
# The training error picks the top degree every time. Cross-validation picks small degrees, mostly, and in the median it ends within a few per cent of what the locked rows themselves would have picked. Its bad days are worth a look too: with 100 stones a fold may hold no large stone, and then nothing warns of a curve that swings out there. Folds see what the sample shows.
#
# The last line is the flattery: for the *chosen* degree, the locked rows tend to show a larger error than cross-validation had. Here it is small, because eight degrees are few tries. With hundreds of settings, or a selection of columns made *before* the folds were cut, it is what sinks projects.
#
# # Part 3 · Why the remedies work
# ## 3.1 Bagging: an average of things that err together
# A fully grown tree has little bias and a lot of variance. An average keeps the bias (the mean of a mean is the mean) and lowers the variance. By how much? Take $n$ predictors, each with variance $\sigma^2$, any two with correlation $\rho$.
#
# **Step 1.** The variance of a sum is the sum of *all* covariances, $n \times n$ of them:
# $$\operatorname{Var}\Big(\sum_i \hat f_i\Big) = \sum_i\sum_j \operatorname{Cov}(\hat f_i, \hat f_j).$$
#
# **Step 2.** Sort them. On the diagonal stand $n$ variances, $\sigma^2$ each. Off it stand $n(n-1)$ covariances, $\rho\sigma^2$ each.
#
# **Step 3.** The average is the sum divided by $n$, so its variance is divided by $n^2$. Then sort the result into what shrinks with $n$ and what does not.
#
# Do step 3 on paper, and check it at two places where you know the answer: $n = 1$, and $\rho = 1$.
#
# ### Exercise: `bagging_variance`
# Return the variance of the average. *The check* gives one point for the formula in general, one for the edges: one predictor, $\rho = 0$, $\rho = 1$, and a negative $\rho$.


# %% ex="bagging_variance" points=2
def bagging_variance(rho, sigma2, n):
    """Variance of the average of n predictors.

    rho: correlation of any two, sigma2: variance of each, n: how many. Returns a number.
    """
    ### BEGIN SOLUTION
    shared = rho * sigma2
    return shared + (sigma2 - shared) / n
    ### END SOLUTION


# %% [markdown]
# Now measure it. Thirty real samples of 300 stones; for each, 20 trees on bootstrap samples of it. From the single trees we take $\sigma^2$ and $\rho$, *over the samples*: how much a tree's prediction of a stone varies, and how much two trees of the same bag vary together. And we ask the same of trees that may look at only four, or two, of the six columns at each split: that is what makes a bag of trees a **random forest**.
#
# **Before you run:** what does drawing columns do to $\rho$? To $\sigma^2$? Which of the three bags will be best on other stones?

# %% tags=["illustration"]
rng = np.random.default_rng(3)
others = slice(len(diamonds) - 300, None)  # stones to predict
stones, prices = features[others].astype(np.float32), response[others]


def bags(max_features, samples=30, trees=20, rows=300):
    """Predictions (samples, trees, stones) of trees, each on a bootstrap sample of its sample."""
    out = np.empty((samples, trees, len(prices)))
    for s in range(samples):
        sample = rng.choice(len(diamonds) - 300, rows, replace=False)
        for t in range(trees):
            drawn = rng.choice(sample, rows)
            tree = DecisionTreeRegressor(
                max_features=max_features, random_state=int(rng.integers(2**31))
            )
            out[s, t] = tree.fit(features[drawn], response[drawn]).predict(stones)
    return out


def average_of(n, sigma2, rho):
    """Variance of an average with equal weights: the mean of all n x n covariances."""
    covariances = np.full((n, n), rho * sigma2)
    np.fill_diagonal(covariances, sigma2)
    return covariances.mean()


figure, axis = plt.subplots(figsize=(7, 3.6))
counts = np.array([1, 2, 3, 5, 10, 20])
looks = {6: ("black", "-", "o"), 4: (BLUE, "--", "s"), 2: (ORANGE, "-.", "^")}
table = []
for columns, (color, style, marker) in looks.items():
    P = bags(columns)
    deviation = P - P.mean(axis=0)
    sigma2 = (deviation**2).sum(axis=0).mean() / (len(P) - 1)
    together = (deviation[:, :-1] * deviation[:, 1:]).sum(axis=0).mean() / (len(P) - 1)
    measured = [P[:, :n].mean(axis=1).var(axis=0, ddof=1).mean() for n in counts]
    expected = [average_of(n, sigma2, together / sigma2) for n in counts]
    axis.plot(counts, measured, marker, color=color, label=f"{columns} of 6 columns, measured")
    axis.plot(counts, expected, style, color=color, linewidth=1)
    errors = [np.mean((P[:, :n].mean(axis=1) - prices) ** 2) for n in (1, 20)]
    table.append([sigma2, together / sigma2, together, expected[-1], measured[-1], *errors])
axis.set(
    xlabel="trees in the average", ylabel="variance of the prediction", xscale="log", yscale="log"
)
ticks(axis, counts, (0.01, 0.03, 0.1))
axis.legend(frameon=False, fontsize=9, title="lines: from σ² and ρ", title_fontsize=9)
plt.show()
pd.DataFrame(
    table,
    index=pd.Index(looks, name="columns a split"),
    columns=["σ²", "ρ", "ρσ²", "20 trees: σ², ρ say", "measured", "error of 1 tree", "error of 20"],
)

# %% [markdown]
# The measured points lie on the lines that $\sigma^2$ and $\rho$ predict: the formula is not a story, it is arithmetic. Then read the table:
#
# * Drawing columns lowers $\rho$: by half with four columns, to a fifth with two.
# * It is paid for with a larger $\sigma^2$. So the floor $\rho\sigma^2$, which no number of trees can pass, moves far less than $\rho$ alone: with two columns, where most splits may not use the carat, it is about where it was.
# * The part that averaging shrinks, $(1-\rho)\sigma^2/n$, has grown with $\sigma^2$. At 20 trees it still weighs, and all six columns win, in variance and in error.
#
# So the textbook line "drawing columns decorrelates the trees" is right, and whether it *pays* is another question: it does where many columns carry a little each and the trees are many. Measure it.
#
# Averages do nothing for bias, so bagging a stiff model is a waste of time:

# %% tags=["illustration"]
rows = rng.choice(len(diamonds) - 300, 400, replace=False)
for name, model in {
    "linear": LinearRegression(),
    "tree": DecisionTreeRegressor(random_state=0),
}.items():
    bag = BaggingRegressor(model, n_estimators=50, random_state=0)
    alone = model.fit(features[rows], response[rows]).predict(stones)
    bagged = bag.fit(features[rows], response[rows]).predict(stones)
    print(
        f"{name:7} alone {np.mean((alone - prices) ** 2):.4f}, bag of 50 {np.mean((bagged - prices) ** 2):.4f}"
    )

# %% [markdown]
# ## 3.2 Regularisation: a little bias for a lot of variance
# Ridge minimises $\lVert y - X\beta\rVert^2 + \lambda\lVert\beta\rVert^2$. Take the singular value decomposition $X = U D V^\top$, and look along one direction $j$, with singular value $d_j$. Least squares divides: $\hat\gamma_j = u_j^\top y / d_j$. If $y = X\beta + \varepsilon$ and $\gamma = V^\top\beta$, then $u_j^\top y = d_j\gamma_j + u_j^\top\varepsilon$, so
#
# $$\hat\gamma_j^{\,\text{OLS}} = \gamma_j + \frac{u_j^\top\varepsilon}{d_j},\qquad \text{variance } \frac{\sigma^2}{d_j^2}.$$
#
# A small $d_j$ (a direction in which the rows hardly differ) blows the noise up. Ridge multiplies by a factor $s_j$ between 0 and 1:
#
# $$\hat\gamma_j^{\,\text{ridge}} = s_j\,\hat\gamma_j^{\,\text{OLS}},\quad s_j = \frac{d_j^2}{d_j^2+\lambda},\qquad \text{bias}^2 = (1-s_j)^2\gamma_j^2,\quad \text{variance} = s_j^2\,\frac{\sigma^2}{d_j^2}.$$
#
# Strong directions are spared, weak ones are given up: exactly where the variance was. The sum $\sum_j s_j$ counts how many directions are still in use, the **effective degrees of freedom** (it is also the trace of the matrix that maps $y$ to the fitted values).
#
# And **a little always helps**. For small $\lambda$, $1 - s_j \approx \lambda/d_j^2$. So the bias² grows like $\lambda^2$, while the variance falls like $\lambda$: at the very beginning the gain is larger than the price, whatever the data are. (How much it helps, nobody promises.)
#
# **Before you run:** singular values 4, 1 and 0.25, λ = 0.1 and λ = 1. Which factors are near 1, which near 0? The cell compares the formulas with 20,000 ridge fits.

# %% tags=["illustration"]
U, _ = np.linalg.qr(rng.normal(size=(40, 3)))
V, _ = np.linalg.qr(rng.normal(size=(3, 3)))
d, gamma, sigma = np.array([4.0, 1.0, 0.25]), np.array([1.0, 1.0, 1.0]), 0.5
X = U * d @ V.T  # (40, 3), with these singular values
Y = X @ V @ gamma + sigma * rng.normal(size=(20_000, 40))  # 20,000 samples of labels

rows = []
for lam in (0.0, 0.1, 1.0):
    s = d**2 / (d**2 + lam)
    beta = np.linalg.solve(X.T @ X + lam * np.eye(3), X.T @ Y.T)  # (3, 20000)
    along = V.T @ beta
    rows.append(
        [
            s.round(3),
            s.sum(),
            np.sum((1 - s) ** 2 * gamma**2),
            np.sum((along.mean(axis=1) - gamma) ** 2),
            np.sum(s**2 * sigma**2 / d**2),
            along.var(axis=1).sum(),
        ]
    )
columns = [
    "factors s",
    "degrees of freedom",
    "bias² by formula",
    "measured",
    "variance by formula",
    "measured ",
]
pd.DataFrame(rows, index=pd.Index([0.0, 0.1, 1.0], name="λ"), columns=columns)

# %% [markdown]
# The weakest direction held nearly all of the variance, and the first small penalty removes most of it. (This is the error of the *coefficients*. In predictions the weak direction counts less, because rows hardly reach into it.)
#
# The same on the wave of part 1. **Before you run:** degree 12 on 30 rows. Where on the λ axis do bias² and variance cross, to the left or to the right of the lowest sum?

# %% tags=["illustration"]
lambdas = 10.0 ** np.arange(-3, 2.1, 0.25)
table = []
for lam in lambdas:
    x, y = draw(2000, rows=30, noise=0.3, rng=rng)
    table.append(from_pairs(at(grid, fit(x, y, 12, lam)), truth(grid)))
bias2, variance = np.array(table).T

figure, axis = plt.subplots(figsize=(7, 3.4))
axis.plot(lambdas, bias2, "-.", color=ORANGE, label="bias²")
axis.plot(lambdas, variance, "--", color=BLUE, label="variance")
axis.plot(
    lambdas, bias2 + variance + 0.09, "o-", color="black", markersize=4, label="sum with the noise"
)
axis.axhline(0.09, color=GREY, linewidth=0.7)
axis.set(xlabel="penalty λ", ylabel="mean squared error", xscale="log", ylim=(0, 0.4))
axis.legend(frameon=False)
plt.show()
best = np.argmin(bias2 + variance)
print(
    f"lowest at λ = {lambdas[best]:.2g}: bias² {bias2[best]:.4f}, variance {variance[best]:.4f}; "
    f"at λ = {lambdas[0]:.3f}: bias² {bias2[0]:.4f}, variance {variance[0]:.4f}"
)

# %% [markdown]
# The variance slides down long before the bias begins to rise: in between lies the valley. At its lowest point the two are *not* equal; what is equal there are their slopes.
#
# ## 3.3 Reading a regularisation path
# With real data λ is chosen by cross-validation: one row for each λ, one column for each fold. Two questions.
#
# **Which λ to ship?** The lowest mean is the lowest of several noisy numbers. How noisy? The folds of that λ tell: with $k$ folds, whose errors have the standard deviation $s$ (divisor $k-1$), the mean has the standard error $s/\sqrt k$. All λs whose mean is at most *lowest mean + one standard error at the lowest* tie with it, and among those the **one-standard-error rule** ships the most regularised, the **largest** λ.
#
# **Can the grid be trusted?** Look where the lowest mean stands:
#
# | where | reading |
# |---|---|
# | *every* λ ties with the lowest | `"no effect"`: in this range the penalty changes nothing that the folds can see |
# | at the largest λ | `"longer up"`: nobody knows what lies beyond |
# | at the smallest λ | `"longer down"` |
# | otherwise | `"inside"` |
#
# The first line that holds counts. The training error is no help: it never falls as λ grows, so it would always choose the smallest.
#
# ### Exercise: `regularisation_path_verdict`
# Return the λ to ship and the reading. The λs may come in any order. A blank page, this time.
#
# *The check* gives 2 points for the λ, 1 for the reading.


# %% ex="regularisation_path_verdict" points=3
def regularisation_path_verdict(lambdas, train, validation):
    """Read a cross-validated regularisation path.

    lambdas: (k,) in any order, train: (k,) training errors, validation: (k, folds) errors.
    Returns (lam, reading); reading is "inside", "longer up", "longer down" or "no effect".
    """
    ### BEGIN SOLUTION
    order = np.argsort(lambdas)
    grid_of, scores = lambdas[order], validation[order]
    means = np.mean(scores, axis=1)
    low = int(np.argmin(means))
    limit = means[low] + np.std(scores[low], ddof=1) / np.sqrt(scores.shape[1])
    lam = grid_of[means <= limit][-1]
    if max(means) <= limit:
        return lam, "no effect"
    if low == len(means) - 1:
        return lam, "longer up"
    return lam, "longer down" if low == 0 else "inside"
    ### END SOLUTION


# %% [markdown]
# **Before you run:** all squares and products of the six columns (27 columns in all), 100 stones. Will the one-standard-error rule choose a better λ than the lowest mean? Say what "better" means, and on which rows.


# %% tags=["illustration"]
scale = StandardScaler().fit(features[-10_000:])  # stones that play no other part here
squares = PolynomialFeatures(2, include_bias=False).fit_transform(scale.transform(features))
grid_of_lambdas = 10.0 ** np.arange(-1.5, 1.6, 0.5)


def path(seed):
    """Training error, errors by fold, and errors on 5,000 other stones, for each λ."""
    shuffled = np.random.default_rng(seed).permutation(len(diamonds) - 10_000)
    own, others = shuffled[:100], shuffled[100:5_100]
    folds = KFold(5, shuffle=True, random_state=seed)
    train, validation, real = [], [], []
    for lam in grid_of_lambdas:
        scores = cross_val_score(
            Ridge(lam), squares[own], response[own], cv=folds, scoring="neg_mean_squared_error"
        )
        validation.append(-scores)
        model = Ridge(lam).fit(squares[own], response[own])
        train.append(np.mean((model.predict(squares[own]) - response[own]) ** 2))
        real.append(np.mean((model.predict(squares[others]) - response[others]) ** 2))
    return np.array(train), np.array(validation), np.array(real)


paths = [path(seed) for seed in range(15)]
train, validation, real = paths[0]
means = validation.mean(axis=1)
standard_error = validation.std(axis=1, ddof=1) / np.sqrt(5)

figure, axis = plt.subplots(figsize=(7, 3.4))
axis.errorbar(
    grid_of_lambdas,
    means,
    standard_error,
    fmt="s--",
    color=ORANGE,
    markersize=4,
    capsize=3,
    label="5 folds ± one standard error",
)
axis.plot(grid_of_lambdas, real, "o-", color="black", markersize=4, label="5,000 other stones")
axis.plot(grid_of_lambdas, train, ":", color=GREY, label="training rows")
axis.set(xlabel="penalty λ", ylabel="mean squared error (log price)", xscale="log", yscale="log")
ticks(axis, (0.03, 0.1, 0.3, 1, 3, 10, 30), (0.01, 0.03, 0.1))
axis.legend(frameon=False)
plt.show()

low, ship = [], []
for _, validation, real in paths:
    means = validation.mean(axis=1)
    k = means.argmin()
    limit = means[k] + validation[k].std(ddof=1) / np.sqrt(5)
    low.append(real[k])
    ship.append(real[np.flatnonzero(means <= limit).max()])
low, ship = np.array(low), np.array(ship)
promised = [
    folds.mean(axis=1).min() / real[folds.mean(axis=1).argmin()] for _, folds, real in paths
]
print(
    f"15 samples, lowest mean of the folds / error of that λ on other stones: "
    f"from {min(promised):.2f} to {max(promised):.2f}"
)
print(
    f"15 samples, error on other stones: lowest mean {np.median(low):.4f}, one-standard-error {np.median(ship):.4f} (medians)"
)
print(
    f"the rule was better in {np.sum(ship < low)} samples, worse in {np.sum(ship > low)}, the same in {np.sum(ship == low)}"
)

# %% [markdown]
# Three curves on logarithmic axes: the training error rises with every λ; the folds and the other stones are level at the left and rise from λ = 1 on. Two things to take home.
#
# * The training error is about half of what the other stones show. The folds of this sample come close; those of the fifteen samples promise anything from a third of it to three and a half times as much, because 100 stones hold few odd ones, or one too many. A choice needs only the *shape*, and in this picture the shapes agree.
# * Over fifteen samples the rule and the lowest mean are about even. What the rule buys is not accuracy; it is a calmer fit at no clear loss, and a λ that depends less on luck.
#
# And the reading of the grid? The same path, whole and cut short in two ways. Say the verdicts before you run it.

# %% tags=["illustration"]
train, validation, _ = paths[0]
cuts = {
    "the whole grid": slice(None),
    "λ up to 0.3": slice(None, 3),
    "λ from 1 on": slice(3, None),
}
try:
    for name, cut in cuts.items():
        lam, reading = regularisation_path_verdict(
            grid_of_lambdas[cut], train[cut], validation[cut]
        )
        print(f"{name:15} ship λ = {lam:.2g}, {reading}")
except NotImplementedError:
    print("This cell uses your regularisation_path_verdict: come back when it is written.")

# %% [markdown]
# ### The path of the coefficients
# **Before you run:** price on carat, length, width and depth, all standardised, for 300 stones. The four columns say nearly the same. Does each coefficient move steadily to zero as λ grows?

# %% tags=["illustration"]
sizes_of = diamonds.loc[:299, ["carat", "x", "y", "z"]]
Z = StandardScaler().fit_transform(sizes_of)
price = diamonds.price[:300] / 1000
lambdas = 10.0 ** np.arange(-3, 4.1, 0.1)
coefficients = np.array([Ridge(lam).fit(Z, price).coef_ for lam in lambdas])

figure, axis = plt.subplots(figsize=(7, 3.4))
for column, style, color in zip(
    sizes_of, ("-", "--", "-.", ":"), ("black", BLUE, ORANGE, GREY), strict=True
):
    axis.plot(
        lambdas, coefficients[:, list(sizes_of).index(column)], style, color=color, label=column
    )
axis.axhline(0, color=GREY, linewidth=0.6)
axis.set(xlabel="penalty λ", ylabel="coefficient\n(1,000 dollars per SD)", xscale="log")
axis.legend(frameon=False)
plt.show()
length = np.linalg.norm(coefficients, axis=1)
print(
    f"length of the whole vector: {length[0]:.2f} at the left, falling at every step: {bool((np.diff(length) < 0).all())}"
)

# %% [markdown]
# No. At the left end one length has a large positive coefficient and the other two negative ones, as if a deeper stone were cheaper: the columns nearly repeat each other, and least squares plays them off against one another. That game is expensive in $\lVert\beta\rVert^2$, so it is given up first: `x` and `z` pass through zero, *grow*, meet the others, and only then shrink with them. What is sure to shrink is the length of the whole vector.
#
# The lasso ($\lambda\sum_j|\beta_j|$ in place of squares) sets coefficients exactly to zero. It is not a ranking either: among correlated columns one is kept, almost by lot, and a coefficient that has left can come back at a larger λ. And both penalties add up coefficients, whose size depends on the units of their columns: standardise first, on the training rows.
#
# # Part 4 · Double descent, honestly
# Large networks fit their training rows perfectly and still predict well. Does that end the tradeoff? Measure before you talk.
#
# The smallest model with the effect is least squares on **random features**: $p$ columns $\max(0, w_k\cdot x + b_k)$ with random $w_k, b_k$ that are never trained (a network with one hidden layer, of which only the output is fitted). With $p < n$ there is one least-squares fit. With $p > n$ there are infinitely many that pass through every row; we take **the one of smallest norm** (that is what the pseudo-inverse gives, and what gradient descent from zero ends in). The data are simulated again, because we want bias and variance.
#
# **Before you run:** 60 rows, $p$ from 5 to 2,000. Sketch the test error. Where is it worst? If there is a peak, is it bias or variance? And what does a small ridge do to it?

# %% tags=["illustration"]
inputs, n = 8, 60
rng = np.random.default_rng(4)
direction = rng.normal(size=(2, inputs))
direction /= np.linalg.norm(direction, axis=1, keepdims=True)
weights, shifts = rng.normal(size=(inputs, 2000)) / np.sqrt(inputs), 0.5 * rng.normal(size=2000)


def teacher(X):
    """The truth of this part: a slope in one direction, a wave in another."""
    return X @ direction[0] + 0.7 * np.sin(2 * X @ direction[1])


def random_features(X, p):
    return np.maximum(X @ weights[:, :p] + shifts[:p], 0) / np.sqrt(p)


X_test = rng.normal(size=(300, inputs))
f_test = teacher(X_test)


def many_fits(p, n, lam=0.0, samples=50):
    """Predictions at X_test, (samples, 300), and the mean training error; noise 0.3."""
    F_test, out, own = random_features(X_test, p), [], []
    for _ in range(samples):
        X = rng.normal(size=(n, inputs))
        y = teacher(X) + 0.3 * rng.normal(size=n)
        F = random_features(X, p)
        if lam > 0:
            c = F.T @ np.linalg.solve(F @ F.T + lam * np.eye(n), y)  # p > n is welcome here
        else:
            c = np.linalg.lstsq(F, y, rcond=None)[0]  # of all that fit, the smallest norm
        out.append(F_test @ c)
        own.append(np.mean((F @ c - y) ** 2))
    return np.array(out), np.mean(own)


widths = np.array([5, 10, 15, 20, 30, 40, 50, 55, 60, 65, 72, 85, 110, 150, 250, 500, 1000, 2000])
rows = []
for p in widths:
    P, own = many_fits(p, n)
    R, _ = many_fits(p, n, lam=0.1)
    rows.append([*from_pairs(P, f_test), own, sum(from_pairs(R, f_test)) + 0.09])
width_table = pd.DataFrame(rows, index=widths, columns=["bias²", "variance", "training", "ridge"])
width_table["test error"] = width_table["bias²"] + width_table["variance"] + 0.09
# beside a variance of 5 and more, fifty samples cannot tell the bias
width_table.loc[width_table["variance"] > 5, "bias²"] = np.nan

figure, axis = plt.subplots(figsize=(8, 3.8))
axis.plot(
    width_table["test error"], "o-", color="black", markersize=4, label="test error, smallest norm"
)
axis.plot(width_table["bias²"], "-.", color=ORANGE, label="bias²")
axis.plot(width_table["variance"], "--", color=BLUE, label="variance")
axis.plot(
    width_table["ridge"],
    "s-",
    color=GREY,
    markersize=3,
    linewidth=1,
    label="test error, ridge λ = 0.1",
)
axis.axvline(n, color=GREY, linewidth=0.7)
axis.annotate("p = n", (62, 0.06), color=GREY, fontsize=9)
axis.set(
    xscale="log",
    yscale="log",
    ylim=(0.05, 30),
    xlabel="random features p, at 60 rows",
    ylabel="mean squared error",
)
ticks(axis, (5, 10, 20, 60, 200, 600, 2000), (0.1, 0.3, 1, 3, 10, 30))
axis.legend(frameon=False, fontsize=9)
plt.show()
left, right = width_table.loc[:50, "test error"], width_table.loc[72:, "test error"]
print(
    f"highest: p = {width_table['test error'].idxmax()}, test error {width_table['test error'].max():.0f}"
)
print(
    f"best of p < n: {left.min():.3f} at p = {left.idxmin()};  best of p > n: {right.min():.3f} at p = {right.idxmin()}"
)
print(
    f"ridge: {width_table['ridge'].min():.3f} at p = {width_table['ridge'].idxmin()}, and {width_table.loc[60, 'ridge']:.3f} at p = 60"
)
print(
    f"training error: {width_table.loc[20, 'training']:.3f} at p = 20, {width_table.loc[65:, 'training'].max():.1e} at most from p = 65 on"
)

# %% [markdown]
# On two logarithmic axes: a first valley, a steep peak at $p = n$, a second descent that flattens out. The dashed line under it says what the peak is: **variance**, all of it, while bias² goes quietly down. (Around the peak it has a gap: next to a variance above 5, fifty samples cannot measure it.) And the grey line, a ridge with the same small λ everywhere, knows no peak at all.
#
# ## 4.1 Where the peak comes from
# You derived it in 3.2: least squares divides the noise by $d_j$, so the variance of its coefficients is $\sigma^2\sum_j 1/d_j^2$. **Before you run:** for which $p$ is the *smallest* singular value of the 60 × p feature matrix smallest?

# %% tags=["illustration"]
rows = []
for p in (20, 40, 55, 60, 65, 85, 250, 2000):
    d = [
        np.linalg.svd(random_features(rng.normal(size=(n, inputs)), p), compute_uv=False)
        for _ in range(40)
    ]
    d = np.array(d)
    rows.append([np.median(d.min(axis=1)), np.median((1 / d**2).sum(axis=1))])
names = ["smallest singular value", "sum of 1/d²"]
pd.DataFrame(
    rows, index=pd.Index([20, 40, 55, 60, 65, 85, 250, 2000], name="p"), columns=names
).round(3)

# %% [markdown]
# Near $p = n$ the matrix is almost square, and a random square matrix is almost singular: one direction has next to no length, and the noise is divided by it. Further right the rows have room again: among the many curves through all rows there are calm ones, and the smallest norm picks a calm one. That preference acts like a penalty that nobody wrote down.
#
# So the decomposition is untouched (it is algebra). What fails is a rule of thumb: that variance must grow with the number of parameters. Parameters are not what counts; what counts is how far the fit can be pushed by the noise.
#
# ## 4.2 On which axis?
# "Complexity" is one axis. What matters is $p$ against $n$, so the peak can be crossed in the other direction too. **Before you run:** $p = 60$ features, from 20 to 400 rows. Can *more data* make the test error worse?

# %% tags=["illustration"]
numbers = [20, 30, 40, 50, 55, 65, 75, 100, 150, 200, 400]
by_rows = pd.DataFrame(
    [
        [
            sum(from_pairs(many_fits(60, rows)[0], f_test)) + 0.09,
            sum(from_pairs(many_fits(60, rows, lam=0.1)[0], f_test)) + 0.09,
        ]
        for rows in numbers
    ],
    index=numbers,
    columns=["smallest norm", "ridge λ = 0.1"],
)

figure, axis = plt.subplots(figsize=(7, 3.2))
axis.plot(by_rows["smallest norm"], "o-", color="black", markersize=4, label="smallest norm")
axis.plot(by_rows["ridge λ = 0.1"], "s--", color=GREY, markersize=4, label="ridge λ = 0.1")
axis.set(
    xscale="log",
    yscale="log",
    xlabel="training rows, at 60 random features",
    ylabel="test error\n(mean squared)",
)
ticks(axis, (20, 40, 60, 100, 200, 400), (0.3, 1, 3))
axis.legend(frameon=False)
plt.show()
by_rows.round(3).T

# %% [markdown]
# Yes: from 20 rows to 55 every step makes the unregularised fit worse, since the rows walk *into* the peak. The ridge improves with every step but for the noise of the measurement. (A third axis has been reported for deep networks, the number of training epochs: see Nakkiran and others below. Nothing on this page shows it.)
#
# ## 4.3 When it does not appear
# * **With a penalty.** You have seen the grey lines. (Early stopping is a penalty too; the papers below measure both.)
# * **Without noise and without misfit.** The peak is noise divided by a small number. No noise, no peak, provided that the model can represent the truth (what it cannot represent acts like noise).
# * **Where no fit ever goes through all rows**, such as nearest neighbours with a large k: there is no such threshold to cross.
#
# **Before you run:** a linear truth in 60 columns, all known to the model, from 20 to 120 rows, smallest norm. The sweep crosses $p = n$. Is there a peak without noise? With noise?

# %% tags=["illustration"]
beta = rng.normal(size=60) / np.sqrt(60)
numbers = np.array([20, 30, 40, 50, 55, 58, 60, 62, 65, 70, 80, 100, 120])
figure, axis = plt.subplots(figsize=(7, 3.2))
for sigma, style, color in ((0.0, "o--", BLUE), (0.3, "s-", ORANGE)):
    errors = []
    for rows in numbers:
        squared = []
        for _ in range(40):
            X = rng.normal(size=(rows, 60))
            y = X @ beta + sigma * rng.normal(size=rows)
            found = np.linalg.lstsq(X, y, rcond=None)[0]
            squared.append(np.sum((found - beta) ** 2))  # new rows are standard normal
        errors.append(np.median(squared))
    axis.plot(numbers, errors, style, color=color, markersize=4, label=f"noise {sigma}")
axis.axvline(60, color=GREY, linewidth=0.7)
axis.set(
    xlabel="training rows, at 60 columns",
    ylabel="distance² from the truth\n(median of 40 samples)",
    ylim=(0, 4),
)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# Without noise the error goes straight down to zero at 60 rows and stays there. With noise the same sweep has its peak. Same model, same axis.
#
# ## 4.4 On real data
# The effect is not a creature of simulations. 100 diamonds, random features of the six columns, the error on 2,000 other stones, medians over ten samples:

# %% tags=["illustration"]
standard = StandardScaler().fit_transform(features)
real_widths = [5, 10, 20, 40, 60, 80, 95, 100, 105, 120, 150, 250, 500, 1000]
table = []
for p in real_widths:
    squared, with_ridge = [], []
    for seed in range(10):
        own_rng = np.random.default_rng(seed)
        W, b = own_rng.normal(size=(6, p)) / np.sqrt(6), own_rng.normal(size=p)
        shuffled = own_rng.permutation(len(diamonds))
        own, others = shuffled[:100], shuffled[100:2100]
        F, G = (np.maximum(standard[i] @ W + b, 0) / np.sqrt(p) for i in (own, others))
        centre = response[own].mean()
        y = response[own] - centre
        c = np.linalg.lstsq(F, y, rcond=None)[0]
        squared.append(np.mean((G @ c + centre - response[others]) ** 2))
        c = F.T @ np.linalg.solve(F @ F.T + 0.01 * np.eye(100), y)
        with_ridge.append(np.mean((G @ c + centre - response[others]) ** 2))
    table.append([np.median(squared), np.median(with_ridge)])
columns = ["smallest norm", "ridge λ = 0.01"]
pd.DataFrame(table, index=pd.Index(real_widths, name="p"), columns=columns).round(3).T

# %% [markdown]
# The same landscape: a first valley, a peak near 100 features, a second descent that ends below the first valley. Here size did pay. And here, too, a small ridge is ahead at every width.
#
# **What you may say in an interview.** Test error against model size can have two descents. The peak between them is variance, at the size where the fit just manages to pass through all rows. It shows in an unregularised fit to noisy data (or to a truth that the model cannot represent), along the number of features or the number of rows. It all but disappears with a penalty or early stopping. And whether the second valley lies below the first depends on the problem: measure both, next to a tuned penalty.
#
# # Say it aloud
# Two minutes each, to a wall or a friend, before you open the answer.
#
# <details><summary>"Derive the bias-variance decomposition. Where do you use that the test label is new?"</summary>
#
# At a fixed x the label is y = f + ε, the prediction f̂ is random because the training sample is. I write y − f̂ = ε + (f − f̂) and square. The cross term is 2E[ε(f − f̂)]. The test label's noise is independent of the training sample, so it factors, and E[ε] = 0 removes it: that is the place. On a training row the noise is in the fit, the cross term is negative, and training error comes out too low. In what is left I add and subtract the mean prediction; its cross term vanishes because the deviation from a mean has mean zero. So noise plus squared bias plus variance, for any procedure, under squared error. For 0/1 loss there is no such clean sum: there variance can even help, when the average vote is wrong.
# </details>
#
# <details><summary>"Your validation error is too high. Talk me through the next hour."</summary>
#
# First whether it is a bias or a variance problem, and first of all whether it is a problem: I ask for a target, such as what people reach or what the current system has. Then I look at the training error. If it misses the target too, the model cannot represent the data: more flexible model, better features, weaker penalty; more rows will not help. If the training error is fine, it is variance: I look at the learning curve. Still falling with the last doubling of the rows: get rows. Flat: restrain it, by a penalty, bagging, fewer columns.
# Before I trust any of that I check that validation is honest: same distribution, no duplicates or groups across the split, no selection made before the split. A leak makes every curve lie.
# </details>
#
# <details><summary>"Deep networks have more parameters than rows. Why does the tradeoff not kill them?"</summary>
#
# The decomposition still holds; what does not hold is that variance must grow with the number of parameters. In least squares one can see it: the variance peaks where the number of features is near the number of rows, because there the fit has to pass through the noise and has hardly a choice how. With many more features it has a choice, and the solution of smallest norm, which gradient descent from zero finds, is a calm one. So the test error falls a second time. I would add three honest remarks. The peak disappears with a tuned penalty or early stopping. It needs noise, or a truth outside of the model. And the second descent need not beat the first valley, nor a well-regularised model of any size: in practice I tune regularisation and size by validation and do not rely on luck.
# </details>
#
# # The quiz
# Twelve questions, and these count: they are part of the grade of this notebook. Some want a number, some an order, some have several right answers. Paper and a pocket calculator are enough.
# You can change your answers until you hand in; after that every option explains itself.

# %% quiz="bias_variance"

# %% [markdown]
# # What to read next
# - T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd edition, 2009: sections 7.2 and 7.3 (the decomposition), 7.10 (cross-validation, done right and wrong), 8.7 (bagging), 15.2 (forests and ρ), 3.4 (ridge and its path).
# - S. Geman, E. Bienenstock, R. Doursat, "Neural Networks and the Bias/Variance Dilemma", *Neural Computation* 4, 1992: where the words entered machine learning.
# - L. Breiman, "Bagging Predictors", *Machine Learning* 24, 1996: why unstable predictors gain and stable ones do not.
# - P. Domingos, "A Unified Bias-Variance Decomposition and its Applications", ICML 2000: other losses than the squared one.
# - M. Belkin, D. Hsu, S. Ma, S. Mandal, "Reconciling modern machine-learning practice and the classical bias–variance trade-off", *PNAS* 116, 2019: the name double descent.
# - P. Nakkiran and others, "Deep Double Descent: Where Bigger Models and More Data Hurt", ICLR 2020: size, rows and epochs as axes.
# - P. Nakkiran, P. Venkat, S. Kakade, T. Ma, "Optimal Regularization Can Mitigate Double Descent", ICLR 2021.
# - T. Hastie, A. Montanari, S. Rosset, R. Tibshirani, "Surprises in High-Dimensional Ridgeless Least Squares Interpolation", *The Annals of Statistics* 50, 2022: the peak, calculated.
