"""Running a foreign quantizer without what it prints, logs and changes behind its caller's back."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import onnxruntime

from qspec.errors import QSpecError, runtime_message

_FATAL = 4
_REASON = 400


@contextmanager
def quiet() -> Iterator[None]:
    """Swallow standard output, standard error, warnings and logging, and put the root logger back as it was.

    The runtime's quantizers print progress, log advice, and one of them configures the root logger on import. What
    they raise becomes a `QSpecError`.
    """
    root = logging.getLogger()
    handlers, level, disabled = root.handlers[:], root.level, root.manager.disable
    logging.disable(logging.CRITICAL)
    onnxruntime.set_default_logger_severity(_FATAL)  # and left there: nothing here lets the runtime print
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except QSpecError:
        raise
    except Exception as error:  # a foreign quantizer raises whatever its parts do
        raise QSpecError(
            f"The quantizer failed: {runtime_message(error)[:_REASON].rstrip('.') or type(error).__name__}.",
            hint="exclude the layer, where it names one, or choose another method; see that the base model runs by itself",
        ) from error
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.disable(disabled)
