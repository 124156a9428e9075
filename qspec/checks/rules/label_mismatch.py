"""Labels and classes do not fit.

What it finds
-------------
Labels outside of the classes that the model tells apart, more classes than are named, or a label that is no class number where
one is needed; relevance judgements of queries or passages that are not there, or that contradict each other. Found before
anything runs.

Why it matters
--------------
Labels that are off by one score as nonsense, and labels outside of the model's classes can never be right. A judgement of a
query that is spelt otherwise is lost, and with it the query's score.

Example:
-------
    qspec 1
    dataset digits {
      source: "data/digits.npz"
      label: y
      classes: [zero, one]
    }

Use instead
-----------
A list of classes as long as the model's output, in the order of its numbers: labels that are text are then looked up in it by
name. Labels that are numbers count from zero; where the data count otherwise, store them anew.

References:
----------
`classes` in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

label_mismatch = rule("QS905", "label-mismatch", severity=Severity.ERROR, deep=True)(nothing)
