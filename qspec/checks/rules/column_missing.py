"""A column that the spec names is not in the data.

What it finds
-------------
A label, an input, or a column of a predicate, a stratification or a unit that the data set does not have, with the nearest name
that it does have. Found before anything runs.

Why it matters
--------------
A stratum of a column that is not there is empty, and an empty stratum keeps every bound.

Example:
-------
    qspec 1
    dataset digits {
      source: "data/digits.npz"
      label: lable
    }

Use instead
-----------
    qspec 1
    dataset digits {
      source: "data/digits.npz"
      label: label
    }

References:
----------
Predicates and strata in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

column_missing = rule("QS903", "column-missing", severity=Severity.ERROR, deep=True)(nothing)
