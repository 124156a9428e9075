"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "cast": "cast",
    "ptq-dynamic": "dynamic",
    "ptq-dynamic/int4": "weight_only",
    "ptq-static": "static",
    "weight-only": "weight_only",
}

ALIASES: dict[str, str] = {
    "dynamic": "ptq-dynamic",
    "static": "ptq-static",
    "weight-only/rtn": "weight-only",
}
