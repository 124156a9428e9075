"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "check": "check",
    "doctor": "doctor",
    "execute": "execute",
    "explain": "explain",
    "init": "init",
    "judge": "judge",
    "rules": "rules",
}

ALIASES: dict[str, str] = {}

TITLES: dict[str, str] = {
    "check": "Say what each claim leaves out, contradicts, or cannot resolve.",
    "doctor": "Say what this machine has: processor, instruction sets, providers, versions,...",
    "execute": "Run claims on this machine, and write what was measured into them.",
    "explain": "Say what a rule, an axis, a metric, or any other word of the language means.",
    "init": "Write a new spec whose every axis is there to be filled in.",
    "judge": "Judge measured claims again, with other bounds or another confidence, without...",
    "rules": "List the rules of the checker: code, name, severity, fix, and what each finds.",
}
