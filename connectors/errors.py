"""What can go wrong at a source, grouped by what the reader should do.

SourceError
├── DeclarationError      a deployment's own declaration (sources/*.toml) is wrong: correct the line it names
├── SourceSettingsError   the deployment's settings for a source are missing or wrong: fix them
├── SourceRefused         the source answered, and said no (credentials, contract): talk to the department
├── SourceUnavailable     the source did not answer in time: try again later
└── SourceMalformed       what arrived is not what the stream declares: the department must send it again

Messages name source, stream, file or page, line and field, and the remedy; never a value of a person.
"""


class SourceError(Exception):
    """The base of every connector error: `remedy` is one sentence a clerk can act on."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}. {remedy}")
        self.message = message
        self.remedy = remedy


class DeclarationError(SourceError):
    """A TOML file of the deployment's own sources does not say what a source must say, or says something else."""


class SourceSettingsError(SourceError):
    """An address, folder or credential of a source is missing or unusable."""


class SourceRefused(SourceError):
    """The source answered with a refusal (HTTP 401/403, or an infcode other than 0)."""


class SourceUnavailable(SourceError):
    """The source could not be reached, or kept failing after the retries."""


class SourceMalformed(SourceError):
    """A page, file or header is not what the stream declares."""
