"""The command line: `aidgraph [--data DIR] [--config DIR] VERB`.

Tables, progress and errors go to standard error, results to standard output; `--json` prints one object.
Exit codes: 0 ok; 1 a check or verification failed; 2 usage; 3 config; 4 source or input; 5 keys; 6 locked by
another run; 75 try again later. A person on the command line is a token, or `-` to read an ID number from standard
input; never an ID number in an argument.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

from connectors.errors import DeclarationError, SourceError, SourceUnavailable
from hub.errors import HubError
from schema import logs
from schema.cli.common import app, complain

for module in pkgutil.iter_modules(__path__):  # each registers its own verbs
    importlib.import_module(f"{__name__}.{module.name}")


def main() -> None:
    """Run the command line; errors become one line with a remedy and the exit code of their kind."""
    logs.configure()
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
    except Exception as error:  # a full disk, a lost database: told in one line, never with a row's values
        from hub.failures import explained

        told = explained(error)
        if told is None:
            raise
        complain("error", told)
        sys.exit(told.exit_code)
