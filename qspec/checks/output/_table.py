"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "concise": "concise",
    "full": "full",
    "github": "github",
    "gitlab": "gitlab",
    "json": "json",
    "json-lines": "json_lines",
    "junit": "junit",
    "sarif": "sarif",
}

ALIASES: dict[str, str] = {}
