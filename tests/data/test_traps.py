"""The traps that the lessons are built on are in the shipped data, measured here."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from statsmodels.stats.outliers_influence import variance_inflation_factor

from pitfalls.data import load

SCHEDULE = ["hour", "minute", "sched_arr_time", "carrier", "origin", "dest", "distance", "weekday"]


def coded(df):
    """Replace text by codes, for trees."""
    text = df.select_dtypes("str").columns
    return df.assign(**{column: df[column].astype("category").cat.codes for column in text})


def auc(X, y, split):
    """Fit on the one part, score on the other."""
    train, test = split
    model = HistGradientBoostingClassifier(random_state=0).fit(X.iloc[train], y[train])
    return roc_auc_score(y[test], model.predict_proba(X.iloc[test])[:, 1])


@pytest.fixture(scope="module")
def diamonds():
    """Give all tests the same frame: they only read."""
    return load("diamonds")


@pytest.fixture(scope="module")
def fit(diamonds):
    """Price on six measures by least squares."""
    X = sm.add_constant(diamonds[["carat", "depth", "table", "x", "y", "z"]])
    return sm.OLS(diamonds["price"], X).fit()


@pytest.fixture(scope="module")
def flights():
    """Give all tests the same frame: they only read."""
    return load("flights")


@pytest.fixture(scope="module")
def scores(flights):
    """AUC by columns and by split, on 40,000 of the flights that arrived."""
    date = pd.to_datetime(flights[["year", "month", "day"]])
    df = flights.assign(weekday=date.dt.day_of_week, day_of_year=date.dt.day_of_year)
    df["late"] = df["arr_delay"] > 15
    hour = df[df["arr_delay"].notna()].groupby(["origin", "time_hour"])["late"]
    flown = hour.transform("size") - 1
    df["same_hour"] = (hour.transform("sum") - df["late"]) / flown.where(flown > 0)
    df = df[df["arr_delay"].notna()].sample(40_000, random_state=0)
    df = coded(df.sort_values("time_hour", kind="stable", ignore_index=True))
    rows, cut = np.arange(len(df)), int(0.75 * len(df))
    days = GroupShuffleSplit(1, test_size=0.25, random_state=0)
    splits = {
        "random": train_test_split(rows, test_size=0.25, random_state=0),
        "day": next(days.split(rows, groups=df["day_of_year"])),
        "time": (rows[:cut], rows[cut:]),
    }
    columns = {
        "schedule": SCHEDULE,
        "day_of_year": [*SCHEDULE, "day_of_year"],
        "same_hour": [*SCHEDULE, "day_of_year", "same_hour"],
        "dep_delay": [*SCHEDULE, "dep_delay"],
    }
    late = df["late"].to_numpy()
    return pd.DataFrame(
        {
            split: {name: auc(df[use], late, rows) for name, use in columns.items()}
            for split, rows in splits.items()
        }
    )


class TestDiamonds:
    def test_impossible_sizes_and_duplicates(self, diamonds):
        """Twenty stones are flat, three are absurd, 146 rows come twice."""
        sizes = diamonds[["x", "y", "z"]]
        assert 20 == (sizes == 0).any(axis=1).sum()
        assert 3 == (sizes > 20).any(axis=1).sum()
        assert 146 == diamonds.duplicated().sum()

    def test_sizes_are_collinear(self, fit):
        """Carat and the three lengths say the same; depth and table do not."""
        X = fit.model.exog
        vif = [variance_inflation_factor(X, j) for j in range(1, X.shape[1])]
        wanted = [21.6, 1.5, 1.1, 56.2, 20.5, 23.5]
        assert wanted == pytest.approx(vif, rel=0.1)

    def test_residual_spread_grows_with_the_fit(self, fit):
        """Residuals of dear stones spread ten times as wide as those of cheap ones."""
        spread = fit.resid.groupby(pd.qcut(fit.fittedvalues, 10, labels=False)).std()
        assert 8 < spread.iloc[-1] / spread.iloc[0] < 16

    def test_robust_errors_differ_and_one_stone_pulls(self, fit):
        """HC3 is far from the classical error of y, and one row has a huge Cook's distance."""
        assert 8 < fit.HC3_se["y"] / fit.bse["y"] < 20
        distances = fit.get_influence().cooks_distance[0]
        assert 24067 == distances.argmax()
        assert 10 < distances.max()

    def test_a_line_in_carat_prices_below_zero(self, diamonds):
        """Price on carat gives negative prices; logs mend it."""
        slope, intercept = np.polyfit(diamonds["carat"], diamonds["price"], 1)
        assert 1_400 < (intercept + slope * diamonds["carat"] < 0).sum() < 1_800
        r = np.corrcoef(np.log(diamonds["carat"]), np.log(diamonds["price"]))[0, 1]
        assert 0.92 < r**2 < 0.95


class TestFlights:
    def test_tailnum_is_missing_where_the_flight_was_cancelled(self, flights):
        """Missing not at random: three in ten of the cancelled flights, none of the others."""
        missing = flights["tailnum"].isna()
        cancelled = flights["dep_time"].isna()
        assert 8_255 == cancelled.sum()
        assert 0.304 == pytest.approx(missing[cancelled].mean(), abs=0.001)
        assert 0 == missing[~cancelled].sum()

    def test_dropping_rows_without_arrival_flatters(self, flights):
        """The rate of bad flights falls when cancelled flights are dropped."""
        late = flights["arr_delay"] > 15
        arrived = flights["arr_delay"].notna()
        assert 0.259 == pytest.approx((late | ~arrived).mean(), abs=0.001)
        assert 0.237 == pytest.approx(late[arrived].mean(), abs=0.001)

    def test_clock_times_are_not_minutes(self, flights):
        """HHMM: no minute over 59, midnight as 2400, arrivals before departures."""
        times = flights[["dep_time", "arr_time", "sched_dep_time", "sched_arr_time"]]
        assert 60 > (times % 100).max().max()
        assert 2400 == times.max().max()
        assert 10_000 < (flights["arr_time"] < flights["dep_time"]).sum()

    def test_delay_is_skewed(self, flights):
        """A few flights are hours late."""
        assert 3.7 == pytest.approx(flights["arr_delay"].skew(), abs=0.1)

    def test_planes_lack_the_year_of_whole_airlines(self, flights):
        """The year built is missing for a sixth of the flights, for nearly all of one airline."""
        built = load("flights", "planes").set_index("tailnum")["year"]
        missing = flights["tailnum"].map(built).isna()
        assert 0.172 == pytest.approx(missing.mean(), abs=0.002)
        by_carrier = missing.groupby(flights["carrier"]).mean()
        assert "MQ" == by_carrier.idxmax()
        assert 0.95 < by_carrier.max()

    def test_weather_joins_by_hour(self, flights):
        """Station and UTC hour find one record for almost every flight; one wind is absurd."""
        weather = load("flights", "weather")
        keys = ["origin", "time_hour"]
        assert not weather.duplicated(keys).any()
        joined = flights[keys].merge(weather[[*keys, "humid"]], on=keys, how="left", indicator=True)
        assert len(flights) == len(joined)
        assert 1_556 == (joined["_merge"] == "left_only").sum()
        assert 1_000 < weather["wind_speed"].max()

    @pytest.mark.slow
    def test_the_day_leaks(self, scores):
        """Day of year gains on a random split, not on days unseen, and loses on later days."""
        gain = scores.loc["day_of_year"] - scores.loc["schedule"]
        assert 0.05 < gain["random"]
        assert gain["day"] < gain["random"] - 0.03
        assert gain["time"] < 0

    @pytest.mark.slow
    def test_what_happens_later_leaks_through_every_split(self, scores):
        """The same hour's flights and the departure delay look good wherever one cuts."""
        assert (scores.loc["same_hour"] > scores.loc["schedule"] + 0.05).all()
        assert (scores.loc["dep_delay"] > 0.85).all()
        assert (scores.loc["schedule"] < 0.72).all()


class TestCovidTesting:
    def test_the_subject_number_survives_every_split(self):
        """An identifier alone scores where honest columns do not, by person and by day too."""
        df = load("covid_testing")
        df = df[df["result"] != "invalid"].sort_values("pan_day", kind="stable", ignore_index=True)
        y = (df["result"] == "positive").to_numpy()
        rows, cut = np.arange(len(df)), int(0.75 * len(df))
        people = GroupShuffleSplit(1, test_size=0.25, random_state=0)
        splits = [
            train_test_split(rows, test_size=0.25, random_state=0, stratify=y),
            next(people.split(rows, groups=df["subject_id"])),
            (rows[:cut], rows[cut:]),
        ]
        honest = coded(df[["gender", "test_id", "clinic_name", "demo_group", "age", "orderset"]])
        for split in splits:
            assert 0.9 < auc(df[["subject_id"]], y, split)
            assert 0.8 > auc(honest, y, split)

    def test_impossible_values(self):
        """One patient is 138 years old, one result came before its specimen, a class is rare."""
        df = load("covid_testing")
        assert 138 == df["age"].max()
        assert 1 == (df["rec_ver_tat"] < 0).sum()
        assert 301 == (df["result"] == "invalid").sum()


class TestHotelRates:
    def test_a_random_split_flatters(self):
        """R² falls by more than .15 from a random quarter to the last quarter of arrivals."""
        df = load("hotel_rates")
        assert df["arrival_date"].is_monotonic_increasing
        y = df["avg_price_per_room"]
        X = coded(df.drop(columns=["avg_price_per_room", "arrival_date"]))
        rows, cut = np.arange(len(df)), int(0.75 * len(df))
        r2 = []
        for train, test in (
            train_test_split(rows, test_size=0.25, random_state=0),
            (rows[:cut], rows[cut:]),
        ):
            model = HistGradientBoostingRegressor(random_state=0).fit(X.iloc[train], y.iloc[train])
            r2.append(model.score(X.iloc[test], y.iloc[test]))
        assert 0.9 < r2[0]
        assert 0.15 < r2[0] - r2[1]

    def test_many_rows_have_a_double(self):
        """One row in seven has a full double."""
        assert 0.139 == pytest.approx(load("hotel_rates").duplicated(keep=False).mean(), abs=0.001)


class TestCompleteJourney:
    def test_buying_again_beats_popularity(self):
        """In the last 28 days a household's own past finds far more than the best-sellers do."""
        df = load("completejourney")
        cut = df["day"].max() - pd.Timedelta(days=27)
        before, after = df[df["day"] < cut], df[df["day"] >= cut]
        recent = before[before["day"] >= cut - pd.Timedelta(days=28)]
        best = set(recent["product_id"].value_counts().index[:10])
        counts = before.groupby(["household_id", "product_id"]).size().sort_values(ascending=False)
        counts = counts.reset_index().groupby("household_id")["product_id"]
        own = counts.agg(lambda products: set(products.iloc[:10]))
        bought = after.groupby("household_id")["product_id"].agg(set)
        bought = bought[bought.index.isin(own.index)]
        popular = np.mean([len(best & real) / 10 for real in bought])
        again = np.mean([len(own[who] & real) / 10 for who, real in bought.items()])
        assert 1_500 < len(bought)
        assert 1.5 * popular < again

    def test_one_row_a_household_product_and_day(self):
        """Every product has at least 120 buyers, every row its own key."""
        df = load("completejourney")
        assert not df.duplicated(["day", "household_id", "product_id"]).any()
        assert 120 <= df.groupby("product_id")["household_id"].nunique().min()


class TestMovieLens:
    def test_one_moment_for_all_leaves_few_test_users(self):
        """A cut at four fifths of the time leaves a handful of users on both sides."""
        df = load("movielens")
        cut = df["timestamp"].quantile(0.8)
        before, after = df[df["timestamp"] < cut], df[df["timestamp"] >= cut]
        assert 23 == len(set(before["userId"]) & set(after["userId"]))
        assert 671 == df["userId"].nunique()

    def test_every_rated_movie_is_in_movies(self):
        """One row a movie, and none missing."""
        movies = load("movielens", "movies")
        assert movies["movieId"].is_unique
        assert set(load("movielens")["movieId"]) == set(movies["movieId"])
