"""A file is named without its digest.

What it finds
-------------
A model or a data set that lies beside the spec and has no `sha256`. Found before anything runs, since the digest that the file
has is offered as a fix.

Why it matters
--------------
A path says where a file lies and not which one. After the next export the claim would be about another model, and nothing
would tell.

Example:
-------
    qspec 1
    model small { file: "models/small.onnx" }

Use instead
-----------
    qspec 1
    model small {
      file: "models/small.onnx"
      sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    }

References:
----------
The axis `model` in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

digest_unstated = rule(
    "QS907", "digest-unstated", severity=Severity.NOTE, axes=("model", "test_set"), fix="unsafe", deep=True
)(nothing)
