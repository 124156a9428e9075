"""The file is written in a version of the language that this program does not read.

What it finds
-------------
A first line that names a version above the newest known one, or none that there is. Older versions are read, and
`qspec fmt --upgrade` rewrites them.

Why it matters
--------------
A newer version may give an item another meaning.

Example:
-------
    qspec 99
    claim small-loss { loss(top1) <= 1 pp }

Use instead
-----------
    qspec 1
    claim small-loss { loss(top1) <= 1 pp }

References:
----------
The first line in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

language_version = rule("QS009", "language-version", severity=Severity.ERROR)(nothing)
