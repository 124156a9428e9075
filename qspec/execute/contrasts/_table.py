"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "binary": "binary",
}

ALIASES: dict[str, str] = {}
