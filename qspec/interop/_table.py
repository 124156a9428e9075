"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "mlperf-system": "mlperf_system",
}

ALIASES: dict[str, str] = {}

TITLES: dict[str, str] = {
    "mlperf-system": "The system description of an MLPerf Inference submission (JSON)",
}
