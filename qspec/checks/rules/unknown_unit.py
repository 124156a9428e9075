"""A number has a unit that the language does not know.

What it finds
-------------
A unit other than those of the reference: per cent and points, multiples of the baseline, perplexity, decibels, time, size,
energy, rates, and counts with a noun. Another spelling of one of them (`msec`, `percent`, `fps`) is put right by a safe fix; a
word that only looks like one is offered as a guess.

Why it matters
--------------
On a loss the unit says what is meant, and on a time or a size it is a factor of a thousand.

Example:
-------
    qspec 1
    claim fast {
      latency(p99) <= 25 milis
    }

Use instead
-----------
    qspec 1
    claim fast {
      latency(p99) <= 25 ms
    }

References:
----------
The units in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

unknown_unit = rule("QS004", "unknown-unit", severity=Severity.ERROR, fix="safe")(nothing)
