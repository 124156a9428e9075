"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "check": "check",
    "execute": "execute",
}

ALIASES: dict[str, str] = {}

TITLES: dict[str, str] = {
    "check": "Say what each claim leaves out, contradicts, or cannot resolve.",
    "execute": "Run claims on this machine, and write what was measured into them.",
}
