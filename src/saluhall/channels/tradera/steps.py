"""How far a publication has come, as the hub keeps it for us between attempts."""

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct, structs

from saluhall.channel import Progress


class Commit(StrEnum):
    """Whether the request is committed; `asked` means that the response is not known."""

    NOT_YET = "not_yet"
    ASKED = "asked"
    DONE = "done"


class Steps(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done so far; `digest` says whether the offer is still the one begun with.

    `uploading` says that an image was sent whose response is not known. Nobody can look into a request, so it is not used again.
    """

    started_at: datetime | None = None
    digest: str = ""
    request_id: int | None = None
    images: int = 0
    uploading: bool = False
    commit: Commit = Commit.NOT_YET
    ends_at: datetime | None = None

    @property
    def is_adopted(self) -> bool:
        """Return whether the item was found live, so that there is no request to check."""
        return self.commit is Commit.DONE and self.request_id is None


def steps_from_progress(progress: Progress) -> Steps:
    """Read the steps back."""
    return msgspec.convert(dict(progress.steps), Steps)


def progress_from_steps(
    steps: Steps, *, external_id: str | None = None, unclear: bool = False
) -> Progress:
    """Write the steps as JSON values."""
    plain = msgspec.to_builtins(steps)
    return Progress(
        external_id=external_id,
        may_be_live=steps.commit is not Commit.NOT_YET,
        unclear=unclear,
        steps=plain,
    )


def restart_from(steps: Steps) -> Progress:
    """Begin again after an attempt that may still go live: look before creating."""
    begun = progress_from_steps(Steps(started_at=steps.started_at), unclear=True)
    return structs.replace(begun, may_be_live=True)
