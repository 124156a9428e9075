"""A file is not the one that the spec pins.

What it finds
-------------
A model or a data set whose SHA-256 differs from the declared `sha256`. Found before anything runs.

Why it matters
--------------
The claim is about the file that was pinned. Another export, another version or a damaged download gives other scores under the
same name.

Example:
-------
    qspec 1
    model small {
      file: "models/small.onnx"
      sha256: "0000000000000000000000000000000000000000000000000000000000000000"
    }

Use instead
-----------
The file that was pinned, or the digest of the file that is meant: `sha256sum FILE` prints it.

References:
----------
FIPS 180-4, Secure Hash Standard.
"""

from __future__ import annotations

from qspec.checks.rule import nothing, rule
from qspec.lang.diagnostic import Severity

digest_mismatch = rule("QS901", "digest-mismatch", severity=Severity.ERROR, deep=True)(nothing)
