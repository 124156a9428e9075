"""The data do not fit the inputs of the model.

What it finds
-------------
An input or output that the graph does not have, an input that no column feeds, or a column whose shape or type the input
cannot take. Found before anything runs.

Why it matters
--------------
Names are the only tie between a data set and a graph, and a wrong shape may broadcast in silence.

Example:
-------
    qspec 1
    dataset digits {
      source: "data/digits.npz"
      inputs { imagee: x }
    }

Use instead
-----------
    qspec 1
    dataset digits {
      source: "data/digits.npz"
      inputs { image: x }
    }

References:
----------
`inputs` in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

input_mismatch = rule("QS902", "input-mismatch", severity=Severity.ERROR, deep=True)(nothing)
