"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "image-classification": "classification",
}

ALIASES: dict[str, str] = {
    "tabular-classification": "image-classification",
    "text-classification": "image-classification",
}
