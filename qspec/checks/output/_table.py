"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "concise": "concise",
    "full": "full",
    "json": "json",
}

ALIASES: dict[str, str] = {}
