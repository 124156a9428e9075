"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "badge": "badge",
    "html": "html",
    "latex": "latex",
    "markdown": "markdown",
}

ALIASES: dict[str, str] = {
    "md": "markdown",
    "svg": "badge",
    "tex": "latex",
    "web": "html",
}
