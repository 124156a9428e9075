"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "ptq-static": "static",
}

ALIASES: dict[str, str] = {
    "static": "ptq-static",
}
