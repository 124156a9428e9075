"""Two splits that must be apart have rows in common.

What it finds
-------------
A calibration or a threshold split and a test split whose predicates or files select some of the same rows. Found before
anything runs; what row ranges and names tell is found statically.

Why it matters
--------------
A model calibrated on the exam passes it.

Example:
-------
    qspec 1
    dataset mammo {
      source: "data/mammo.parquet"
      splits { tune: age < 60, test: site == "north" }
    }

Use instead
-----------
    qspec 1
    dataset mammo {
      source: "data/mammo.parquet"
      splits { tune: fold == "tune", test: fold == "test" }
    }

References:
----------
Published claims, pattern 7.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

splits_share_rows = rule("QS906", "splits-share-rows", severity=Severity.ERROR, deep=True)(nothing)
