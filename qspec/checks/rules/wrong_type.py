"""An item holds a value of a kind that it does not take.

What it finds
-------------
A word where a number belongs, a list where a block belongs, a number outside of its limits, an assertion outside of a
claim, a qualifier that cannot stand where it stands.

Why it matters
--------------
The value is left out of the document, so that nothing is concluded from what was not understood.

Example:
-------
    qspec 1
    dataset digits {
      splits: 12
    }

Use instead
-----------
    qspec 1
    dataset digits {
      splits { train: 0..898, test: 898..1797 }
    }

References:
----------
The blocks and their items in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

wrong_type = rule("QS003", "wrong-type", severity=Severity.ERROR)(nothing)
