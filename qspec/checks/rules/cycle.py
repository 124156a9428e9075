"""A file uses itself, or an executor extends itself.

What it finds
-------------
A chain of `use` or of `from` that comes back to where it began.

Why it matters
--------------
What an item is cannot depend on what it is.

Example:
-------
    qspec 1
    executor small from large { baseline: fp32 }
    executor large from small { baseline: fp16 }
    claim small-loss on small { loss(top1) <= 1 pp }

Use instead
-----------
    qspec 1
    executor large { baseline: fp16 }
    executor small from large { baseline: fp32 }

References:
----------
`use` and `from` in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

cycle = rule("QS008", "cycle", severity=Severity.ERROR)(nothing)
