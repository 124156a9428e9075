"""A file that the spec names cannot be read.

What it finds
-------------
A `use`, a model, a data set, a split, a tokenizer or a table whose file is not there, is no plain file below the root, or is
over the cap on its size. Found while loading for `use`, and before anything runs for the others.

Why it matters
--------------
What is not there can be neither checked nor executed, and a path that leaves the root is refused, since a spec may be hostile.

Example:
-------
    qspec 1
    model small { file: "models/no-such-file.onnx" }

Use instead
-----------
A path that starts beside the spec and stays below it, with the file's `sha256` beside it.

References:
----------
Safety, in the execution reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

file_missing = rule("QS900", "file-missing", severity=Severity.ERROR, deep=True)(nothing)
