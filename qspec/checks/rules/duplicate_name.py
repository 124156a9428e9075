"""A name or an item is given twice.

What it finds
-------------
Two declarations of one kind and name in a file, or one item twice in a block. The second is not read.

Why it matters
--------------
Which of the two was meant is not for a program to choose.

Example:
-------
    qspec 1
    executor small {
      baseline: fp32
      baseline: fp16
    }

Use instead
-----------
    qspec 1
    executor small {
      baseline: fp32
    }

References:
----------
The rules of the surface in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

duplicate_name = rule("QS005", "duplicate-name", severity=Severity.ERROR)(nothing)
