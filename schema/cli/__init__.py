"""The command line: `aidgraph [--data DIR] [--config DIR] VERB`.

Tables, progress and errors go to standard error, results to standard output; `--json` prints one object.
Exit codes: 0 ok; 1 a check or verification failed; 2 usage; 3 config; 4 source or input; 5 keys; 6 locked by
another run; 75 try again later. A person on the command line is a token, or `-` to read an ID number from standard
input; never an ID number in an argument.
"""

from __future__ import annotations

import sys

from connectors.errors import SourceError, SourceUnavailable
from hub.errors import HubError
from schema import logs
from schema.cli import assess, demo, inspect, months, operate, policy, pull, quarantine, serve, simulate, sources
from schema.cli.common import app, complain

VERBS = (
    assess,
    demo,
    inspect,
    months,
    operate,
    policy,
    pull,
    quarantine,
    serve,
    simulate,
    sources,
)  # each registers its own at import


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
        sys.exit(75 if isinstance(error, SourceUnavailable) else 4)
    except KeyboardInterrupt:
        sys.exit(130)
