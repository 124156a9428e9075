"""A block holds an item that it does not take.

What it finds
-------------
A key that is none of the block's own. Where one of those is spelt nearly so, it is offered as a fix.

Why it matters
--------------
An item that nothing reads looks to its author as if it had been said: a misspelt `calibraton` leaves the axis open.

Example:
-------
    qspec 1
    executor small {
      baselne: fp32
    }

Use instead
-----------
    qspec 1
    executor small {
      baseline: fp32
    }

References:
----------
The blocks and their items in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

unknown_key = rule("QS002", "unknown-key", severity=Severity.ERROR, fix="safe")(nothing)
