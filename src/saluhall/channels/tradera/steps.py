"""How far a publication has come, and what comes next: pure steps, which the hub stores between attempts."""

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct, structs

from saluhall.channel import Progress


class Commit(StrEnum):
    """Whether Tradera was asked to publish; `asked` means that the response is not known."""

    NOT_YET = "not_yet"
    ASKED = "asked"
    DONE = "done"


class Step(StrEnum):
    """A channel call on the way to a listing."""

    CHECK_COMMIT = "check_commit"
    LOOK = "look"
    CREATE = "create"
    ADD_IMAGE = "add_image"
    COMMIT = "commit"


class Steps(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done so far; `digest` says whether the offer is still the one begun with.

    `asked_at` is when the create was sent. `uploading` says that an image was sent and its response is not known: nobody can look into
    a request, so it is not used again.
    """

    started_at: datetime | None = None
    asked_at: datetime | None = None
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


class Plan(Struct, frozen=True, kw_only=True):
    """What the offer needs: how many images follow the create, and whether the create alone publishes."""

    digest: str
    images: int
    is_published_by_create: bool


def steps_from_progress(progress: Progress) -> Steps:
    """Read the steps back."""
    return msgspec.convert(dict(progress.steps), Steps)


def progress_from_steps(
    steps: Steps,
    *,
    external_id: str | None = None,
    unclear: bool = False,
    over: str | None = None,
) -> Progress:
    """Write the steps as JSON values."""
    return Progress(
        external_id=external_id,
        may_be_live=steps.commit is not Commit.NOT_YET,
        unclear=unclear,
        over=over,
        steps=msgspec.to_builtins(steps),
    )


def restart_from(progress: Progress) -> Progress:
    """Begin again after an attempt that may still go live: look before creating."""
    steps = Steps(started_at=steps_from_progress(progress).started_at)
    begun = progress_from_steps(steps, unclear=True, over=progress.over)
    return structs.replace(begun, may_be_live=True)


def next_step(progress: Progress, plan: Plan, *, has_looked: bool) -> Step | None:
    """Return the next call, None when Tradera has been asked to publish. A request for other data is not used again."""
    steps = steps_from_progress(progress)
    if steps.commit is Commit.DONE:
        return None
    if steps.commit is Commit.ASKED and steps.request_id is not None:
        return Step.CHECK_COMMIT
    if steps.request_id is None or steps.uploading or steps.digest != plan.digest:
        return Step.LOOK if progress.unclear and not has_looked else Step.CREATE
    return Step.ADD_IMAGE if steps.images < plan.images else Step.COMMIT


def asked(progress: Progress, step: Step, plan: Plan, *, now: datetime) -> Progress:
    """Return what is true from the moment a call is sent until its response arrives, which may be never."""
    steps = steps_from_progress(progress)
    match step:
        case Step.CREATE:
            started_at = steps.started_at if progress.unclear else None
            commit = Commit.ASKED if plan.is_published_by_create else Commit.NOT_YET
            begun = Steps(
                started_at=started_at or now, asked_at=now, digest=plan.digest, commit=commit
            )
            return progress_from_steps(begun, unclear=True, over=progress.over)
        case Step.ADD_IMAGE:
            return _changed(progress, structs.replace(steps, uploading=True))
        case Step.COMMIT:
            return _changed(progress, structs.replace(steps, commit=Commit.ASKED))
        case _:
            return progress


def created(progress: Progress, *, request_id: int, external_id: str) -> Progress:
    """Record that Tradera has given numbers to the listing; a create that publishes is done."""
    steps = steps_from_progress(progress)
    commit = Commit.DONE if steps.commit is Commit.ASKED else Commit.NOT_YET
    steps = structs.replace(steps, request_id=request_id, commit=commit)
    return progress_from_steps(steps, external_id=external_id, over=progress.over)


def image_added(progress: Progress) -> Progress:
    """Record one more image."""
    steps = steps_from_progress(progress)
    return _changed(progress, structs.replace(steps, images=steps.images + 1, uploading=False))


def committed(progress: Progress, *, ends_at: datetime) -> Progress:
    """Record that the commit has arrived."""
    steps = steps_from_progress(progress)
    return _changed(progress, structs.replace(steps, commit=Commit.DONE, ends_at=ends_at))


def not_committed(progress: Progress) -> Progress:
    """Record that the commit has not arrived."""
    return _changed(progress, structs.replace(steps_from_progress(progress), commit=Commit.NOT_YET))


def failed(
    before: Progress, step: Step, sent: Progress, *, fresh: Progress, unclear: bool
) -> Progress:
    """Return what is known after a failed call: `sent` is what `asked` returned for it, `fresh` begins with a new request.

    An image may be there twice when its response is lost, so its request is not used again; nobody commits it.
    """
    if not unclear:
        return before
    return fresh if step is Step.ADD_IMAGE else sent


def _changed(progress: Progress, steps: Steps) -> Progress:
    return progress_from_steps(
        steps, external_id=progress.external_id, unclear=progress.unclear, over=progress.over
    )
