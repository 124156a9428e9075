"""The data have another number of examples than the spec says.

What it finds
-------------
A test set, a calibration or a split whose declared size or row range is not what the file holds. Found before anything runs.

Why it matters
--------------
Every interval rests on the number of examples. A split that ends behind the last row is shorter than it looks.

Example:
-------
    qspec 1
    dataset digits {
      source: "data/digits.npz"
      splits { train: 0..898, test: 898..17970 }
    }

Use instead
-----------
    qspec 1
    dataset digits {
      source: "data/digits.npz"
      splits { train: 0..898, test: 898..1797 }
    }

References:
----------
The axis `sample_size` in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

size_mismatch = rule("QS904", "size-mismatch", severity=Severity.ERROR, deep=True)(nothing)
