"""A file is used that lies outside the folder a spec may read from.

What it finds
-------------
A `use` whose path, links followed, leaves the root: the folder of the spec that was named, unless another is given.

Why it matters
--------------
A spec may come from anybody. Reading one must not open files elsewhere on the machine.

Example:
-------
    qspec 1
    use "../../secrets.qspec"

Use instead
-----------
    qspec 1
    use "hardware.qspec"

References:
----------
`use` in the language reference.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

import_outside_root = rule("QS007", "import-outside-root", severity=Severity.ERROR)(nothing)
