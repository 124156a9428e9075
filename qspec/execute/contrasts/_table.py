"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "binary": "binary",
    "calibration": "calibration",
    "detection": "detection",
    "distance": "distance",
    "mean": "mean",
    "rank": "rank",
    "smooth": "smooth",
}

ALIASES: dict[str, str] = {}
