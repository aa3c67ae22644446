"""The size of a service from a few facts: capacity."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pitfalls.checks import Case, Exercise, Part, Pitfall, close

from ._form import entries, telling

__all__ = ["CAPACITY"]

Spec = dict[str, Any]
Number = Callable[[Spec], float]
_KEYS = ("peak_qps", "log_tb", "table_gib", "servers")


# --- what is drawn ---------------------------------------------------------------------------


def _draw(rng: np.random.Generator) -> list[Case]:
    return [
        Case(_drawn(rng, 1, _rounded_down), label="a service of middle size"),
        Case(_drawn(rng, 8, _servers), label="a large service"),
    ]


def _for_servers(rng: np.random.Generator) -> list[Case]:
    return [*_draw(rng), Case(_without_rest(rng), label="a service that fills its servers")]


def _without_rest(rng: np.random.Generator) -> Spec:
    """Facts on which a zone needs a whole number of servers, however the figures are multiplied.

    All steps are whole numbers or a few binary places, so that floats hold them exactly; a day
    taken as a fraction is not, so what comes out of that is tried.
    """
    while True:
        a_zone, workers, zones = (int(rng.choice(it)) for it in ([9, 12, 15, 18], [8, 16], [3, 5]))
        spec = _spec(rng, 1) | {
            "workers": workers,
            "zones": zones,
            "peak_factor": float(rng.choice([2.5, 3.0])),
            "ms_per_request": int(rng.choice([50, 125])),
            "utilisation": float(rng.choice([0.5, 0.625])),
        }
        peak = a_zone * (zones - 1) * _each(spec)
        users = 86_400 * peak / spec["peak_factor"] / spec["requests_per_user"]
        spec["active_users_per_day"] = round(users)
        spec["users"] = round(users) * int(rng.integers(3, 7))
        if users == round(users) and {a_zone} == {math.ceil(need) for need in _needs(spec)}:
            return spec


def _needs(spec: Spec) -> Iterator[float]:
    """Servers a zone, by many orders of the same factors."""
    active, each = spec["active_users_per_day"], spec["requests_per_user"]
    seconds, workers = spec["ms_per_request"] / 1000, spec["workers"]
    used, others = spec["utilisation"], spec["zones"] - 1
    for mean in (
        active * each / 86_400,
        active / 86_400 * each,
        each / 86_400 * active,
        active * (each / 86_400),
        active * each * (1 / 86_400),
        active * each / 24 / 3600,
    ):
        for peak in (mean * spec["peak_factor"], active * spec["peak_factor"] * each / 86_400):
            yield peak / (workers / seconds * used) / others
            yield peak / (used * workers * (1 / seconds)) / others
            yield peak / (1000 / spec["ms_per_request"] * used * workers * others)
            yield peak / (1000 * workers * used / spec["ms_per_request"]) / others
            yield peak * seconds / workers / used / others
            yield peak * spec["ms_per_request"] / 1000 / (workers * used) / others
            yield peak * (spec["ms_per_request"] * 0.001) / (workers * used * others)
            yield peak / others * seconds / (workers * used)
            yield peak * seconds / workers * (1 / used) / others
            yield peak / (workers / spec["ms_per_request"] * 1000 * used) / others
            yield peak / others / (workers / seconds) / used
            yield math.ceil(peak * seconds / workers / used) / others


def _drawn(rng: np.random.Generator, size: int, nearest: Number) -> Spec:
    """Facts on which all these wrong counts of servers differ, none of them near a tie.

    What is nearest is what this function gives: once the number below, once the one above.
    """
    while True:
        spec = telling(
            lambda: _spec(rng, size),
            lambda spec: [round(count(spec), 3) for count in (_servers, *_WRONG_COUNTS)],
        )
        if _to_the_nearest(spec) == nearest(spec):
            return spec


def _spec(rng: np.random.Generator, size: int) -> Spec:
    active = int(rng.integers(20, 60)) * 100_000 * size
    return {
        "users": active * int(rng.integers(3, 7)),
        "active_users_per_day": active,
        "requests_per_user": int(rng.integers(5, 13)),
        "peak_factor": round(float(rng.uniform(2.2, 4.4)), 1),
        "items_per_request": int(rng.choice([8, 12, 15, 25, 30])),
        "bytes_per_item": int(rng.choice([60, 90, 140, 220])),
        "days_kept": int(rng.choice([28, 60, 90, 180, 400])),
        "copies": int(rng.choice([2, 3])),
        "items": int(rng.integers(3, 40)) * 100_000,
        "dimension": int(rng.choice([48, 64, 96, 128])),
        "bits": 16 if size == 1 else 8,
        "workers": int(rng.choice([6, 8, 12])),
        "ms_per_request": int(rng.integers(30, 90)),
        "utilisation": round(float(rng.uniform(0.45, 0.7)), 2),
        "zones": int(rng.choice([3, 4])),
    }


# --- the reference ---------------------------------------------------------------------------


def _wanted(spec: Spec) -> dict[str, float]:
    """In whole numbers as far as they go, by unit: a second, a row, a bit, a zone."""
    requests = spec["active_users_per_day"] * spec["requests_per_user"]
    bits = (spec["users"] + spec["items"]) * spec["dimension"] * spec["bits"]
    rows = requests * spec["items_per_request"] * spec["days_kept"]
    return {
        "peak_qps": requests / 86_400 * spec["peak_factor"],
        "log_tb": rows * spec["bytes_per_item"] * spec["copies"] / 10**12,
        "table_gib": bits / 2**33,
        "servers": _by_trying(spec, requests * spec["peak_factor"] / 86_400),
    }


def _by_trying(spec: Spec, peak: float) -> int:
    """Servers added one a zone, until the peak fits with a zone lost."""
    busy_seconds = peak * spec["ms_per_request"] / 1000  # of workers, in each second
    a_zone = 1
    while (spec["zones"] - 1) * a_zone * spec["workers"] * spec["utilisation"] < busy_seconds:
        a_zone += 1
    return int(a_zone * spec["zones"])


# --- wrong ways ------------------------------------------------------------------------------


def _mean(spec: Spec) -> float:
    return float(spec["active_users_per_day"] * spec["requests_per_user"] / 86_400)


def _peak(spec: Spec) -> float:
    return float(_mean(spec) * spec["peak_factor"])


def _log(spec: Spec, **changed: Any) -> float:
    s = {**spec, **changed}
    shown = 86_400 * _mean(s) * s["items_per_request"]
    return float(shown * s["bytes_per_item"] * s["days_kept"] * s["copies"] / 1e12)


def _gib(spec: Spec, **changed: Any) -> float:
    s = {**spec, **changed}
    return float((s["users"] + s["items"]) * s["dimension"] * (s["bits"] / 8) / 2**30)


def _each(spec: Spec) -> float:
    """Requests a second that one server may be given."""
    return float(1000 * spec["workers"] * spec["utilisation"] / spec["ms_per_request"])


def _a_zone(spec: Spec, zones: int, load: float) -> float:
    return math.ceil(load / _each(spec) / zones)


def _servers(spec: Spec) -> float:
    return float(spec["zones"] * _a_zone(spec, spec["zones"] - 1, _peak(spec)))


def _for_the_mean(spec: Spec) -> float:
    return float(spec["zones"] * _a_zone(spec, spec["zones"] - 1, _mean(spec)))


def _no_headroom(spec: Spec) -> float:
    return _servers({**spec, "utilisation": 1.0})


def _headroom_turned(spec: Spec) -> float:
    return _servers({**spec, "utilisation": 1 / spec["utilisation"]})


def _no_zone_lost(spec: Spec) -> float:
    return float(spec["zones"] * _a_zone(spec, spec["zones"], _peak(spec)))


def _no_zones_at_all(spec: Spec) -> float:
    return math.ceil(_peak(spec) / _each(spec))


def _one_spare(spec: Spec) -> float:
    return _no_zones_at_all(spec) + 1


def _one_spare_a_zone(spec: Spec) -> float:
    return float(_no_zone_lost(spec) + spec["zones"])


def _spare_zone(spec: Spec) -> float:
    zones = spec["zones"]
    return float((zones + 1) * _a_zone(spec, zones, _peak(spec)))


def _survivors(spec: Spec) -> float:
    return float((spec["zones"] - 1) * _a_zone(spec, spec["zones"] - 1, _peak(spec)))


def _to_the_nearest(spec: Spec) -> float:
    return float(spec["zones"] * round(_peak(spec) / _each(spec) / (spec["zones"] - 1)))


def _one_worker(spec: Spec) -> float:
    return _servers({**spec, "workers": 1})


def _rounded_down(spec: Spec) -> float:
    return float(spec["zones"] * math.floor(_peak(spec) / _each(spec) / (spec["zones"] - 1)))


def _always_one_more(spec: Spec) -> float:
    return float(_rounded_down(spec) + spec["zones"])


def _uneven(spec: Spec) -> float:
    zones = spec["zones"]
    return float(math.ceil(_peak(spec) / _each(spec) * zones / (zones - 1)))


def _not_rounded(spec: Spec) -> float:
    zones = spec["zones"]
    return float(_peak(spec) / _each(spec) * zones / (zones - 1))


def _all_zones_twice(spec: Spec) -> float:
    return float(2 * spec["zones"] * _a_zone(spec, spec["zones"], _peak(spec)))


def _in_seconds(spec: Spec) -> float:
    return _servers({**spec, "ms_per_request": 1000 * spec["ms_per_request"]})


_WRONG_COUNTS: tuple[Number, ...] = (
    _for_the_mean, _no_headroom, _headroom_turned, _no_zone_lost, _no_zones_at_all, _one_spare,
    _one_spare_a_zone, _spare_zone, _survivors, _one_worker, _rounded_down, _uneven,
    _not_rounded, _all_zones_twice, _in_seconds,
)  # fmt: skip


def _wrong(
    peak_qps: Number = _peak,
    log_tb: Number = _log,
    table_gib: Number = _gib,
    servers: Number = _servers,
) -> Callable[[Spec], dict[str, float]]:
    """All four figures, one of them wrong."""

    def answer(spec: Spec) -> dict[str, float]:
        return {
            "peak_qps": peak_qps(spec),
            "log_tb": log_tb(spec),
            "table_gib": table_gib(spec),
            "servers": servers(spec),
        }

    return answer


_near = close(rtol=1e-3)

CAPACITY = Exercise(
    "capacity",
    "(spec)",
    "Back of the envelope: traffic, storage, memory, servers",
    difficulty=2,
    minutes=15,
    parts=(
        Part("peak traffic", 1, _draw, _wanted, entries(_KEYS, peak_qps=_near)),
        Part("the log", 2, _draw, _wanted, entries(_KEYS, log_tb=_near)),
        Part("the embedding tables", 1, _draw, _wanted, entries(_KEYS, table_gib=_near)),
        Part("servers", 2, _for_servers, _wanted, entries(_KEYS, servers=close(rtol=0))),
    ),
    pitfalls=(
        Pitfall(
            "the mean taken for the peak",
            "This is the traffic of an average second. Nobody buys servers for the average: in the "
            "busiest hour it is `peak_factor` times as much.",
            _wrong(peak_qps=_mean),
        ),
        Pitfall(
            "a day of 100,000 seconds",
            "Good for the whiteboard, and 14 % too low: there you say that you round. Here use "
            "86,400 seconds a day.",
            _wrong(peak_qps=lambda s: _peak(s) * 0.864),
        ),
        Pitfall(
            "requests an hour",
            "You divided by the 24 hours of a day. QPS is per second: another factor of 3,600.",
            _wrong(peak_qps=lambda s: _peak(s) * 3600),
        ),
        Pitfall(
            "a user asks once a day",
            "You counted users. Each of them sends several requests a day.",
            _wrong(peak_qps=lambda s: _peak(s) / s["requests_per_user"]),
        ),
        Pitfall(
            "everyone who ever signed up",
            "You took all `users`. Traffic comes from those who are active on the day; the others "
            "cost memory, not requests.",
            _wrong(peak_qps=lambda s: _peak(s) * s["users"] / s["active_users_per_day"]),
        ),
        Pitfall(
            "each item a request",
            "One request brings the whole list, so the items on it do not multiply the QPS. They "
            "multiply what is logged.",
            _wrong(peak_qps=lambda s: _peak(s) * s["items_per_request"]),
        ),
        Pitfall(
            "peak traffic all day long",
            "The peak lasts an hour; the log fills at the average rate. Peak sizes what must "
            "answer now, the mean sizes what piles up.",
            _wrong(log_tb=lambda s: _log(s) * s["peak_factor"]),
        ),
        Pitfall(
            "one row a request",
            "The log keeps a row for each item shown: without the items that were not clicked "
            "there is nothing to learn from. A request brings many rows.",
            _wrong(log_tb=lambda s: _log(s, items_per_request=1)),
        ),
        Pitfall(
            "copies forgotten",
            "Storage that survives a broken disk keeps several copies, and each takes its place.",
            _wrong(log_tb=lambda s: _log(s, copies=1)),
        ),
        Pitfall(
            "the log of one day",
            "That is what one day adds. It is kept for `days_kept` days.",
            _wrong(log_tb=lambda s: _log(s, days_kept=1)),
        ),
        Pitfall(
            "TiB, not TB",
            "You divided by 2⁴⁰, which gives TiB. The log is asked for in TB: 10¹² bytes, as disks "
            "are sold.",
            _wrong(log_tb=lambda s: _log(s) * 1e12 / 2**40),
        ),
        Pitfall(
            "GB, not TB",
            "You divided by 10⁹. A terabyte is 10¹² bytes.",
            _wrong(log_tb=lambda s: _log(s) * 1000),
        ),
        Pitfall(
            "bits for bytes in the log",
            "The size of a row is given in bytes already: nothing to multiply or divide by 8.",
            _wrong(log_tb=lambda s: _log(s) * 8),
        ),
        Pitfall(
            "bytes taken for bits in the log",
            "You divided by 8, but the size of a row is given in bytes already.",
            _wrong(log_tb=lambda s: _log(s) / 8),
        ),
        Pitfall(
            "bits counted as bytes",
            "The precision is given in bits, memory in bytes: eight bits make one.",
            _wrong(table_gib=lambda s: 8 * _gib(s)),
        ),
        Pitfall(
            "double precision by habit",
            "Eight bytes a number is what NumPy takes if nobody asks. The tables are stored with "
            "`bits` bits a number.",
            _wrong(table_gib=lambda s: _gib(s, bits=64)),
        ),
        Pitfall(
            "single precision by habit",
            "Four bytes a number is the default of training. The tables served here are stored "
            "with `bits` bits a number.",
            _wrong(table_gib=lambda s: _gib(s, bits=32)),
        ),
        Pitfall(
            "the items only",
            "The user tower has a table, too, and it is usually the larger one.",
            _wrong(table_gib=lambda s: _gib(s, users=0)),
        ),
        Pitfall(
            "the users only",
            "The items have a table as well: it is what a request is matched with.",
            _wrong(table_gib=lambda s: _gib(s, items=0)),
        ),
        Pitfall(
            "only the active users have a row",
            "A user who comes back tomorrow needs a row today. The table holds all `users`.",
            _wrong(table_gib=lambda s: _gib(s, users=s["active_users_per_day"])),
        ),
        Pitfall(
            "a table of users by items",
            "You multiplied users with items: that is the matrix which embeddings are there to "
            "avoid. There are two tables, one row a user, one row an item.",
            _wrong(table_gib=lambda s: s["users"] * s["items"] * s["bits"] / 8 / 2**30),
        ),
        Pitfall(
            "GB, not GiB",
            "You divided by 10⁹, which gives GB. Memory is asked for in GiB: 2³⁰ bytes, 7 % more.",
            _wrong(table_gib=lambda s: _gib(s) * 2**30 / 1e9),
        ),
        Pitfall(
            "copies of the log counted in memory",
            "`copies` is about the log on disk. The memory of one server holds the tables once.",
            _wrong(table_gib=lambda s: _gib(s) * s["copies"]),
        ),
        Pitfall(
            "servers for the mean",
            "This many are busy on average. They must carry the peak.",
            _wrong(servers=_for_the_mean),
        ),
        Pitfall(
            "no headroom",
            "A server that is busy all the time has a queue that grows without end, and the p99 "
            "with it. Plan each up to `utilisation` only.",
            _wrong(servers=_no_headroom),
        ),
        Pitfall(
            "headroom the wrong way round",
            "You multiplied the need by the utilisation, so a more careful plan buys fewer "
            "servers. Multiply what one server may carry.",
            _wrong(servers=_headroom_turned),
        ),
        Pitfall(
            "all zones stay up",
            "The peak fits as long as nothing breaks. When a zone is lost, the others must carry "
            "all of it.",
            _wrong(servers=_no_zone_lost),
        ),
        Pitfall(
            "zones forgotten",
            "You counted servers as if they stood in one place. Spread them evenly, so that the "
            "peak still fits when a whole zone is lost.",
            _wrong(servers=_no_zones_at_all),
        ),
        Pitfall(
            "one spare server",
            "One more server survives one broken server. What is lost here is a zone with "
            "everything in it.",
            _wrong(servers=_one_spare),
        ),
        Pitfall(
            "one spare server in each zone",
            "A zone takes all its servers with it, not one. Ask what the other zones must carry.",
            _wrong(servers=_one_spare_a_zone),
        ),
        Pitfall(
            "a spare zone",
            "You sized the zones for a day on which all of them stand, and added one. There are "
            "`zones` of them: each must be larger, so that the others carry the peak.",
            _wrong(servers=_spare_zone),
        ),
        Pitfall(
            "only the zones that are left",
            "That many carry the peak *after* a zone is lost. The one that is lost has to be "
            "bought as well.",
            _wrong(servers=_survivors),
        ),
        Pitfall(
            "everything twice",
            "Twice as many survive a lost zone, but with several zones far fewer do: the rest must "
            "carry the peak, not each half.",
            _wrong(servers=_all_zones_twice),
        ),
        Pitfall(
            "one request at a time",
            "A server has several workers, each with a request of its own: it serves `workers` "
            "requests in the time of one.",
            _wrong(servers=_one_worker),
        ),
        Pitfall(
            "milliseconds taken for seconds",
            "The time of a request is given in milliseconds; QPS counts seconds.",
            _wrong(servers=_in_seconds),
        ),
        Pitfall(
            "rounded down",
            "With the fraction cut off, the last requests find no server. Round up.",
            _wrong(servers=_rounded_down),
        ),
        Pitfall(
            "rounded to the nearest",
            "Half of the time that is down, and then the last requests find no server. Round up.",
            _wrong(servers=_to_the_nearest),
        ),
        Pitfall(
            "one more than the whole part",
            "Where the need is whole already, nothing is left over to round up, and you bought a "
            "server too many in each zone. That is not the same as the ceiling.",
            _wrong(servers=_always_one_more),
        ),
        Pitfall(
            "zones of unequal size",
            "The total was rounded up once, so it may not divide by the number of zones, and "
            "losing a larger one leaves too few. Round up inside a zone, then multiply.",
            _wrong(servers=_uneven),
        ),
        Pitfall(
            "a fraction of a server",
            "Servers are bought whole. Round up what one zone needs.",
            _wrong(servers=_not_rounded),
        ),
    ),
    hints=(
        "Write the unit behind every number and see which cancel. Which figures need the peak, "
        "which the mean, and which neither?",
        "Requests a day = active users × requests each; the log counts items shown, for all days "
        "and copies. A server with w workers and s seconds a request serves w / s requests a "
        "second, of which you use the share `utilisation`.",
        "A zone needs math.ceil(peak / (what one server may carry) / (zones − 1)) servers; there "
        "are `zones` of them.",
    ),
)
