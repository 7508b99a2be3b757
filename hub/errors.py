"""What can go wrong in the hub, grouped by what the reader should do. The exit code is the class's.

HubError
├── ConfigError      fix the file in config/: file, line, key, remedy          exit 3
├── InputError       fix the source or the input                              exit 4
├── KeysError        make or protect the keys                                 exit 5
├── Locked           another run, or another hub, holds this lake or store   exit 6
├── StoreError       the store is missing, or of another version: migrate     exit 3
│   └── StoreFailed  the database failed during the run: run it again         exit 75
├── LakeError        a folder or a disk cannot be used as it is               exit 3
│   └── LakeFailed   the disk is full or failed during the run: run it again  exit 75
├── ConservationError  rows read ≠ accepted + quarantined + duplicates: report a bug   exit 1
└── AuditFailed      a result failed its audit and was not published          exit 1

A message names file, line, field and remedy; never a person's value.
"""


class HubError(Exception):
    """The base: `remedy` is one sentence the reader can act on."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}. {remedy}")
        self.message = message
        self.remedy = remedy


class ConfigError(HubError):
    """A file in config/ says something the hub refuses."""

    exit_code = 3


class InputError(HubError):
    """A source, a file or an argument is not what it should be."""

    exit_code = 4


class KeysError(HubError):
    """Keys are missing, unreadable, or readable by others."""

    exit_code = 5


class Locked(HubError):
    """Another run holds this lake or store, or the store is another lake's."""

    exit_code = 6


class StoreError(HubError):
    """The store cannot be used as it is."""

    exit_code = 3


class StoreFailed(StoreError):
    """The database failed in the middle of a run; what had not committed is as if it had not been tried."""

    exit_code = 75


class LakeError(HubError):
    """A folder or a disk cannot be used as it is."""

    exit_code = 3


class LakeFailed(LakeError):
    """The disk failed or is full in the middle of a run; nothing unfinished is visible."""

    exit_code = 75


class ConservationError(HubError):
    """A batch does not add up; it was not committed."""


class AuditFailed(HubError):
    """A month failed its audit; the last good month stays served."""
