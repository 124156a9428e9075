"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "check": "check",
}

ALIASES: dict[str, str] = {}

TITLES: dict[str, str] = {
    "check": "Say what each claim leaves out, contradicts, or cannot resolve.",
}
