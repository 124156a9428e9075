"""A name is used that nothing declares.

What it finds
-------------
A claim on an executor, an executor on a model, hardware or runtime, or a `from`, that is declared neither in the file nor
in those it uses.

Why it matters
--------------
A claim whose executor does not exist is a claim about nothing.

Example:
-------
    qspec 1
    executor small-int8 { baseline: fp32 }
    claim small-loss on smal-int8 { loss(top1) <= 1 pp }

Use instead
-----------
    qspec 1
    executor small-int8 { baseline: fp32 }
    claim small-loss on small-int8 { loss(top1) <= 1 pp }

References:
----------
`use`, `from` and `on` in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

unresolved_name = rule("QS006", "unresolved-name", severity=Severity.ERROR)(nothing)
