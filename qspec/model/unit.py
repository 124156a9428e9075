"""The units of the language: what each measures and how it scales to the base unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Dimension(StrEnum):
    """What a unit measures. Losses have dimensions of their own, since the unit says which loss is meant."""

    NUMBER = "number"
    SHARE = "share"
    POINTS = "points"
    OF_BASELINE = "share of baseline"
    OF_ERROR = "share of error"
    TIMES_BASELINE = "multiple of baseline"
    PERPLEXITY = "perplexity"
    DECIBEL = "decibel"
    TIME = "time"
    SIZE = "size"
    POWER = "power"
    ENERGY = "energy"
    RATE = "rate"
    TOKEN_RATE = "token rate"
    FREQUENCY = "frequency"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its spelling, what it measures, its size in the base unit, and a sentence for people."""

    name: str
    dimension: Dimension
    factor: Decimal
    title: str


def _unit(name: str, dimension: Dimension, factor: str, title: str) -> tuple[str, Unit]:
    return name, Unit(name, dimension, Decimal(factor), title)


UNITS: dict[str, Unit] = dict(
    [
        _unit("%", Dimension.SHARE, "0.01", "per cent of a proportion; on a loss its kind is unspecified"),
        _unit("pp", Dimension.POINTS, "0.01", "percentage points: the plain difference of two proportions"),
        _unit("% of baseline", Dimension.OF_BASELINE, "0.01", "relative to the baseline's value"),
        _unit("% of error", Dimension.OF_ERROR, "0.01", "growth of the error, one minus the metric"),
        _unit("x baseline", Dimension.TIMES_BASELINE, "1", "a multiple of the baseline's value"),
        _unit("ppl", Dimension.PERPLEXITY, "1", "perplexity"),
        _unit("dB", Dimension.DECIBEL, "1", "decibels"),
        _unit("ns", Dimension.TIME, "1e-9", "nanoseconds"),
        _unit("us", Dimension.TIME, "1e-6", "microseconds"),
        _unit("ms", Dimension.TIME, "1e-3", "milliseconds"),
        _unit("s", Dimension.TIME, "1", "seconds"),
        _unit("min", Dimension.TIME, "60", "minutes"),
        _unit("B", Dimension.SIZE, "1", "bytes"),
        _unit("kB", Dimension.SIZE, "1e3", "kilobytes, powers of ten"),
        _unit("MB", Dimension.SIZE, "1e6", "megabytes, powers of ten"),
        _unit("GB", Dimension.SIZE, "1e9", "gigabytes, powers of ten"),
        _unit("TB", Dimension.SIZE, "1e12", "terabytes, powers of ten"),
        _unit("KiB", Dimension.SIZE, "1024", "kibibytes, powers of two"),
        _unit("MiB", Dimension.SIZE, "1048576", "mebibytes, powers of two"),
        _unit("GiB", Dimension.SIZE, "1073741824", "gibibytes, powers of two"),
        _unit("W", Dimension.POWER, "1", "watts"),
        _unit("mW", Dimension.POWER, "1e-3", "milliwatts"),
        _unit("J", Dimension.ENERGY, "1", "joules"),
        _unit("mJ", Dimension.ENERGY, "1e-3", "millijoules"),
        _unit("kJ", Dimension.ENERGY, "1e3", "kilojoules"),
        _unit("Wh", Dimension.ENERGY, "3600", "watt-hours"),
        _unit("/s", Dimension.RATE, "1", "examples per second"),
        _unit("tok/s", Dimension.TOKEN_RATE, "1", "tokens per second"),
        _unit("MHz", Dimension.FREQUENCY, "1e6", "megahertz"),
        _unit("GHz", Dimension.FREQUENCY, "1e9", "gigahertz"),
    ]
)

SPELLINGS: dict[str, str] = {
    **dict.fromkeys(("percent", "per cent", "pct", "perc"), "%"),
    **dict.fromkeys(("ppt", "points", "point", "pts", "pt", "percentage points", "percentage point", "p.p.", "pps"), "pp"),
    **dict.fromkeys(("nsec", "nanosecond", "nanoseconds"), "ns"),
    **dict.fromkeys(("µs", "μs", "usec", "usecs", "microsecond", "microseconds"), "us"),
    **dict.fromkeys(("msec", "msecs", "millis", "millisec", "millisecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("byte", "bytes"), "B"),
    **dict.fromkeys(("kilobyte", "kilobytes"), "kB"),
    **dict.fromkeys(("megabyte", "megabytes"), "MB"),
    **dict.fromkeys(("gigabyte", "gigabytes"), "GB"),
    **dict.fromkeys(("watt", "watts"), "W"),
    **dict.fromkeys(("joule", "joules"), "J"),
    **dict.fromkeys(("decibel", "decibels", "db"), "dB"),
    **dict.fromkeys(("fps", "frames per second"), "frames/s"),
    **dict.fromkeys(("img/s", "imgs/s", "images/sec", "ips"), "images/s"),
    **dict.fromkeys(("qps", "queries/sec"), "queries/s"),
    **dict.fromkeys(("rps", "req/s", "requests/sec"), "requests/s"),
    **dict.fromkeys(("tps", "t/s", "toks/s", "tokens/sec", "tok/sec"), "tok/s"),
    **dict.fromkeys(("times", "times baseline", "× baseline"), "x baseline"),
    **dict.fromkeys(("%-points", "% points", "percent points"), "pp"),
    "% relative": "% of baseline",
    "imgs": "images",
}  # fmt: skip
"""How else units are written, in small letters, each with the unit that it is and can only be."""

COUNT_NOUNS = frozenset(
    {
        "tokens", "images", "examples", "samples", "documents", "sentences", "passages", "queries", "words",
        "sequences", "rows", "items", "questions", "utterances", "hours", "patients", "cores", "runs", "calls",
        "frames", "users", "requests", "pairs", "problems", "prompts", "videos", "segments", "characters",
        "image", "example", "sample", "token", "core", "threads", "batches", "clips", "batch", "subjects", "sites",
    }
)  # fmt: skip

PER_NOUNS = frozenset({"token", "image", "example", "sample", "query", "batch", "request", "frame", "word",
                       "utterance", "sequence", "passage", "inference", "character", "byte"})  # fmt: skip


def respelled(unit: str) -> str | None:
    """The unit that `unit` is another spelling of, `per NOUN` aside; None where it is none that can only be one."""
    head, per = split_per(unit)
    if unit.lower() in SPELLINGS:
        return SPELLINGS[unit.lower()]
    meant = SPELLINGS.get(head.lower())
    return f"{meant} per {per}" if meant is not None and per in PER_NOUNS else None


def split_per(unit: str) -> tuple[str, str | None]:
    """`ms per token` is (`ms`, `token`); a unit without `per` has None."""
    head, separator, noun = unit.partition(" per ")
    return head, noun if separator else None


def find_unit(name: str) -> Unit | None:
    """The unit written `name`, `per NOUN` aside; counts with a noun and `NOUN/s` are units too; else None."""
    head, per = split_per(name)
    if per is not None and per not in PER_NOUNS:
        return None
    known = UNITS.get(head)
    if known is not None:
        return known
    if head in COUNT_NOUNS:
        return Unit(head, Dimension.COUNT, Decimal(1), f"a count of {head}")
    noun, slash, rest = head.partition("/")
    if slash and rest == "s" and (noun in COUNT_NOUNS or noun + "s" in COUNT_NOUNS):
        dimension = Dimension.TOKEN_RATE if noun.startswith("tok") else Dimension.RATE
        return Unit(head, dimension, Decimal(1), f"{noun} per second")
    return None
