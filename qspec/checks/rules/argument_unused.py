"""The precision or the calibration says something that the scheme does not act on.

What it finds
-------------
An argument of a recipe that the recipe does not take, or a value that it cannot have; a percentile, a moving average or a
length of a calibration whose method has none. Found before anything runs.

Why it matters
--------------
What is dropped in silence is believed to have been done: `awq(alpha: 2)` and `awq` would be one model under two names.

Example:
-------
    qspec 1
    executor small {
      precision { method: weight-only, recipe: hqq(bits: 2), weights: int4 }
    }

Use instead
-----------
    qspec 1
    executor small {
      precision { method: weight-only, recipe: hqq, weights: int4 }
    }

References:
----------
Precision schemes, in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

argument_unused = rule("QS708", "argument-unused", severity=Severity.ERROR, deep=True)(nothing)
