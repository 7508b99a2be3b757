"""The command line: `aidgraph [--data DIR] [--config DIR] VERB`.

Tables, progress and errors go to standard error, results to standard output; `--json` prints one object.
Exit codes: 0 ok; 1 a check or verification failed; 2 usage; 3 config; 4 source or input; 5 keys; 6 locked by
another run; 75 try again later. A person on the command line is a token, or `-` to read an ID number from standard
input; never an ID number in an argument.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import traceback
from pathlib import Path

from connectors.errors import DeclarationError, SourceError, SourceUnavailable
from hub.errors import HubError
from schema import logs
from schema.cli.common import app, complain

ID_NUMBER = re.compile(
    r"(?<![0-9])[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])"
)

for module in pkgutil.iter_modules(__path__):  # each registers its own verbs
    importlib.import_module(f"{__name__}.{module.name}")


def main() -> None:
    """Run the command line; errors become one line with a remedy and the exit code of their kind."""
    logs.configure()
    if any(ID_NUMBER.search(argument) for argument in sys.argv[1:]):
        complain("error", "An argument holds an ID number, and would keep it in the clear. Say it without; - reads one")
        sys.exit(4)
    try:
        app()
    except HubError as error:
        complain("error", error)
        sys.exit(error.exit_code)
    except SourceError as error:
        complain("error", error)
        sys.exit(75 if isinstance(error, SourceUnavailable) else 3 if isinstance(error, DeclarationError) else 4)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - a full disk, a lost database: told in one line, never with a row's values
        from hub.failures import explained

        told = explained(error)
        if told is not None:
            complain("error", told)
            sys.exit(told.exit_code)
        complain("error", f"The hub failed by itself ({_where(error)}). Report this as a defect of the hub")
        sys.exit(1)


def _where(error: Exception) -> str:
    """The kind of an error and the place it came from, never its text, which may hold a value."""
    at = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in at if any(room in frame.filename for room in ("/hub/", "/schema/", "/connectors/"))]
    frame = (own or at)[-1]
    return f"{type(error).__name__}, {'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno}"
