"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "QS100": "incomplete_claim",
    "QS105": "baseline_missing",
    "QS220": "percent_or_points",
}

ALIASES: dict[str, str] = {
    "baseline-missing": "QS105",
    "incomplete-claim": "QS100",
    "percent-or-points": "QS220",
}
