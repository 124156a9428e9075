"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "attest": "attest",
    "cache": "cache",
    "check": "check",
    "completion": "completion",
    "convert": "convert",
    "diff": "diff",
    "doctor": "doctor",
    "execute": "execute",
    "explain": "explain",
    "export": "export",
    "fmt": "fmt",
    "import": "import_",
    "init": "init",
    "judge": "judge",
    "plan": "plan",
    "rename": "rename",
    "report": "report",
    "rules": "rules",
    "transfer": "transfer",
    "verify": "verify",
}

ALIASES: dict[str, str] = {}

TITLES: dict[str, str] = {
    "attest": "Turn a record into an in-toto test-result statement, in a signed envelope where a key is given.",
    "cache": "List, size, prune or verify what runs have kept: artifacts, scores and timings.",
    "check": "Say what each claim leaves out, contradicts, or cannot resolve.",
    "completion": "Print a script that makes a shell complete commands, options and their values.",
    "convert": "Write a document in another of the language's three forms.",
    "diff": "Say what a revision changed in its claims, and which of it weakens them.",
    "doctor": "Say what this machine has: processor, instruction sets, providers, versions, and what is missing.",
    "execute": "Run claims on this machine, and write what was measured into them.",
    "explain": "Say what a rule, an axis, a metric, or any other word of the language means.",
    "export": "Write what a spec declares in an outside FORMAT.",
    "fmt": "Lay documents out canonically; meaning and comments stay.",
    "import": "Write a file of an outside FORMAT as a spec.",
    "init": "Write a new spec whose every axis is there to be filled in.",
    "judge": "Judge measured claims again, with other bounds or another confidence, without running a model.",
    "plan": "Say how many examples each assertion needs, what those there are can show, and what would run.",
    "rename": "Give a declaration another name, in the document at PATH and in the files it uses.",
    "report": "Put claims, their grades and what was measured on one page.",
    "rules": "List the rules of the checker: code, name, severity, fix, and what each finds.",
    "transfer": "Go through the axes of a claim and say which are the same where a model would be used.",
    "verify": "Hold a record against the spec, the models and the data it names, and its signature.",
}
