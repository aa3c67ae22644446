# %% [markdown]
# # Start here
#
# Pitfalls prepares you for machine-learning interviews: you write what interviewers ask for, on real data.
# What sets it apart is that **every exercise knows its pitfalls**, the wrong answers that people really give.
# When yours is one of them, the check names the mistake and says what to do next.
#
# There are five ways to fail such an interview, and each chapter drills against one.
#
# | pitfall | drilled in |
# | :-- | :-- |
# | shallow fundamentals | 1. Fundamentals |
# | skipping the data work | 2. Data |
# | jumping to the solution | 3. System design |
# | ignoring production | 4. Production |
# | overlooking the behavioural round | 5. Behavioral |

# %% [markdown]
# ## How an exercise works
#
# Each exercise is one function. You write it, run its cell, and run the check below it (Shift+Enter runs a cell).
# Try it here: `error_rate` should give the share of labels that are wrong. Somebody has written it already, with a mistake:
# the ✗ that you are about to see is meant to be there.

# %%
from pitfalls import check, hint, lesson, progress, solution

lesson("00_start_here")


# %%
def error_rate(predicted, actual):
    """The share of the predicted labels that differ from the actual ones (two arrays)."""
    return (predicted != actual).sum()


# %%
check("error_rate")

# %% [markdown]
# The verdict names the pitfall, then shows on which input it was found, what came (got) and what was wanted.
# Change one word in `error_rate`, run its cell again, and check again.
#
# Help comes in stages. Each run of `hint` shows one more; they are counted and cost nothing.

# %%
hint("error_rate")

# %% [markdown]
# A solution opens after three tries that differ, or when you insist; run now, this cell says how.
# Try before you look: the mistakes that you make yourself are the ones that you will recognise in the interview.

# %%
solution("error_rate")

# %% [markdown]
# Longer exercises have several parts, each with its own points, so half an answer earns its share. An untouched exercise is "not attempted", not wrong.

# %% [markdown]
# ## Your progress
#
# Every check is kept, so a restart of the kernel or of JupyterLab loses nothing, and an exercise once solved stays solved.
# Run this cell whenever you come back.

# %%
progress()

# %% [markdown]
# ## The notebooks
#
# Take them in order or start where you feel weakest; each is an evening or two, and every exercise says how many minutes it wants. Each begins with why an interviewer asks this, works one example, and then leaves you more and more of the work.
#
# **1. Fundamentals**
#
# - [Linear regression](1_fundamentals/linear_regression.ipynb): derive it, then trust it; what breaks when an assumption does
# - [Support vector machines](1_fundamentals/svm.ipynb): the geometry, the hinge, the kernel; an explorer to drag points in
# - [Bias and variance](1_fundamentals/bias_variance.ipynb): the tradeoff simulated, measured and played with; a graded quiz
# - [Choosing an algorithm](1_fundamentals/choosing_algorithms.ipynb): latency, calibration, cost and interpretability, measured
#
# **2. Data**
#
# - [The messy table](2_data/messy_data.ipynb): units, clocks, gaps, copies and impossible values, each with its effect on an honest score
# - [Leakage traps](2_data/leakage_traps.ipynb): scores too good to be true on real tables, and the detector that you write
# - [Negative sampling](2_data/negative_sampling.ipynb): where the zeros come from, and how sampled metrics turn a ranking round
#
# **3. System design**
#
# - [Framing](3_system_design/framing.ipynb): the interviewer who will not help you; six cases against the clock
# - [A baseline before the two-tower](3_system_design/baseline_to_two_tower.ipynb): metrics, baselines, a network in NumPy, and whether to ship it

# %% [markdown]
# ## Your copies
#
# You are working on copies in the folder `work`, and they are yours: `pitfalls lab` never overwrites one that you changed.
# When a newer version of such a notebook comes, it is laid beside yours as `<name>.new.ipynb`, with a note on top. Copies that you only ran are simply brought up to date.
# To begin a notebook anew, delete or rename your copy and start `pitfalls lab` again. Your progress lies in `work/.pitfalls`.
