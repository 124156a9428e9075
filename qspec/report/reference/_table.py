"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "axis": "axes",
    "block": "blocks",
    "key": "keys",
    "loss": "losses",
    "metric": "metrics",
    "number format": "formats",
    "quantity": "quantities",
    "rule": "rules",
    "scheme": "schemes",
    "shorthand": "shorthands",
    "task": "tasks",
    "unit": "units",
    "word": "words",
    "word list": "vocabularies",
}

ALIASES: dict[str, str] = {}
