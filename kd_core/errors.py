"""Every error of the engine: a code, its fields, and a sentence a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar


class Reason(str):
    """Why, inside an error's sentence: a text in English that a page can say in another language.

    Args:
        code: unlike every other reason's and error's; the catalogue has its words in Chinese under ``reasons.<code>``.
        template: the English words.
        fields: what they speak of, by the names in ``template``; reasons among them are translated too.
    """

    code: str
    fields: dict[str, object]

    def __new__(cls, code: str, template: str, **fields: object) -> Reason:
        """Return the English sentence, with code and fields beside it."""
        reason = super().__new__(cls, template.format(**fields))
        reason.code, reason.fields = code, fields
        return reason

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to build it again: pickled between processes, it keeps code and fields."""
        return (_rebuild_reason, (str(self), self.code, self.fields))


def _rebuild_reason(english: str, code: str, fields: dict[str, object]) -> Reason:
    reason = Reason(code, "{english}", english=english)
    reason.fields = fields
    return reason


def system_reason(error: BaseException | str) -> Reason:
    """Return what the system or a library said, word for word."""
    said = error if isinstance(error, str) else getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Reason("system", "{said}", said=" ".join(str(said).split()))


def reasons_json(fields: Mapping[str, object]) -> dict[str, Any]:
    """Return the reasons among some fields as plain values, by the field's name."""
    return {
        name: {
            "code": value.code,
            "fields": {inner: str(given) for inner, given in value.fields.items()},
            "reasons": reasons_json(value.fields),
        }
        for name, value in fields.items()
        if isinstance(value, Reason)
    }


def nearest_hint(name: str, known: Iterable[str], above: str = "") -> str:
    """Return a sentence on the known name that is most like another one, with a space before it, or nothing.

    Args:
        name: what was asked for.
        known: the names there are.
        above: what stands before the name when it is written, e.g. "method.".
    """
    alike = difflib.get_close_matches(name[:100], known, n=1)
    return Reason("nearest", " Did you mean '{nearest}'?", nearest=f"{above}{alike[0]}") if alike else ""


class KDError(Exception):
    """Something a person can put right.

    Args:
        fields: what the sentence speaks of, by the names in ``template``.

    A page renders ``code`` and ``fields`` from its own catalogue in the reader's language; ``str(error)`` is English.
    """

    code: ClassVar[str] = "error"
    template: ClassVar[str] = "{reason}"

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(self.sentence())

    def sentence(self, template: str | None = None) -> str:
        """Return the sentence, from ``template`` where one is given (another language) or from the English one."""
        return (template or self.template).format(**self.fields)

    def as_reason(self) -> Reason:
        """Return the sentence as a reason inside another one."""
        return Reason(self.code, self.template, **self.fields)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.fields))


def _rebuild(kind: type[KDError], fields: dict[str, object]) -> KDError:
    return kind(**fields)


class UnknownName(KDError):
    """A method, dataset, network, protocol, preset or export format that does not exist.

    Args:
        kind: the noun, one of the catalogue's ``kinds``.
        name: what was asked for.
        known: the names there are; the one most like ``name`` is asked after.
    """

    code = "unknown_name"
    template = "There is no {kind} named '{name}'.{hint} Known: {known}."

    def __init__(self, *, kind: str, name: str, known: Iterable[str] | str, hint: str | None = None) -> None:
        names = known.split(", ") if isinstance(known, str) else list(known)
        hint = nearest_hint(str(name), names) if hint is None else hint
        super().__init__(kind=kind, name=name, known=", ".join(names), hint=hint)


class InvalidSetting(KDError):
    """A setting outside its range, of the wrong type, or of an unknown name."""

    code = "invalid_setting"
    template = "The setting '{path}' cannot be {value}: {reason}"


class RecipeMismatch(KDError):
    """A recipe whose parts do not fit each other."""

    code = "recipe_mismatch"
    template = "{reason}"


class TeacherMissing(KDError):
    """A method that learns from a teacher in a recipe that has none."""

    code = "teacher_missing"
    template = (
        "The method '{method}' learns from a teacher, and this recipe has none. Name a teacher, or use 'labels_only'."
    )


class FeatureMissing(KDError):
    """A method that needs what a network does not provide."""

    code = "feature_missing"
    template = "The method '{method}' needs {needed}, which the network '{network}' does not provide."


class DataMissing(KDError):
    """The files of a dataset are not there and cannot be downloaded."""

    code = "data_missing"
    template = (
        "{dataset} is not in '{folder}' and could not be downloaded ({reason}). "
        "Put {files} there, or go online and try again."
    )


class DataUnusable(KDError):
    """Data that is there but cannot be learned from: an empty folder, one class, too few images."""

    code = "data_unusable"
    template = "'{source}' cannot be used: {reason}"


class UploadRefused(KDError):
    """An uploaded file that is too large, of the wrong kind, or tries to leave its folder."""

    code = "upload_refused"
    template = "The file '{file}' was not accepted: {reason}"


class UploadInUse(KDError):
    """An upload that is to be deleted while a study waits for it or learns from it."""

    code = "upload_in_use"
    template = "'{upload}' was not deleted: study #{number} learns from it. Stop that study first."


class PretrainedMissing(KDError):
    """Weights of a pretrained network that are neither here nor to be had."""

    code = "pretrained_missing"
    template = (
        "The pretrained weights of {network} are not on this machine and could not be downloaded ({reason}). "
        "Put '{file}' into '{folder}', go online and try again, or switch 'Pretrained' off."
    )


class RunUnknown(KDError):
    """No run or study of that id in the store."""

    code = "run_unknown"
    template = (
        "There is no {kind} '{id}' in this store. It may have been deleted, or the link comes from another machine."
    )


class RunBusy(KDError):
    """Something that must wait until a run has ended."""

    code = "run_busy"
    template = "'{id}' is still {status}. Stop it first."


class NotYours(KDError):
    """A change to a study that belongs to other visitors."""

    code = "not_yours"
    template = "'{id}' belongs to somebody else: you may look at it, and only its owner or the lecturer may change it."


class SharedStudy(KDError):
    """A change to a study of several visitors that would change it for all of them."""

    code = "shared_study"
    template = "'{id}' belongs to {count} people who started it alike: only the lecturer may change it for all of them."


class LecturerOnly(KDError):
    """A change that concerns everybody on this server."""

    code = "lecturer_only"
    template = "This concerns everybody here: only the lecturer may change it."


class QueueFull(KDError):
    """One more waiting study than a visitor may have."""

    code = "queue_full"
    template = "{count} of your studies wait already, which is as many as one person may have here. Stop one first."


class NothingToResume(KDError):
    """A resume of something that has ended for good."""

    code = "nothing_to_resume"
    template = "'{id}' is {status}; there is nothing to resume."


class WeightsMissing(KDError):
    """A run whose weights are not in the store."""

    code = "weights_missing"
    template = "The run '{id}' has no stored weights ({status}). Train it to its end first."


class FilesDamaged(KDError):
    """A finished run whose stored files cannot be read any more."""

    code = "files_damaged"
    template = (
        "The file '{file}' of the run '{id}' is damaged or gone. The run is trained again as soon as its study is "
        "resumed, or another study needs it."
    )


class StoreUnusable(KDError):
    """The store's folder or database cannot be read or written."""

    code = "store_unusable"
    template = "The store in '{home}' cannot be used: {reason}"


class StoreFull(KDError):
    """No space is left for results."""

    code = "store_full"
    template = (
        "There is no space left in '{home}' ({reason}). "
        "Delete runs or free space, then press Resume: nothing finished is lost."
    )


class NumbersBroke(KDError):
    """A loss that became infinite or not a number."""

    code = "numbers_broke"
    template = "Training ended at step {step}: the term '{term}' became {value}. A lower learning rate usually helps."


class JobFailed(KDError):
    """A job process that ended without a result."""

    code = "job_failed"
    template = "The job ended unexpectedly: {reason}"


class LinkRefused(KDError):
    """A part of a link that cannot be used; the rest of the link still holds."""

    code = "link_refused"
    template = "The link's '{part}' was not used: {reason}"
