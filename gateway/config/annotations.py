"""Walks the model's types: which keys a section has, and what stands below them."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, TypeGuard, Union, get_args, get_origin

from gateway.config.section import SecretMark, Section

ANY = "*"


def is_section(annotation: object) -> TypeGuard[type[Section]]:
    """Whether a type is a section of the configuration."""
    return isinstance(annotation, type) and issubclass(annotation, Section)


def section_at(root: type[Section], path: tuple[str | int, ...]) -> type[Section] | None:
    """The section that stands at `path` of a document, None when something else does."""
    annotation: object = root
    for part in path:
        annotation = _below(_plain(annotation), part)
    section = _plain(annotation)
    return section if is_section(section) else None


def secret_keys(section: type[Section]) -> list[str]:
    """The keys of a section whose values are secrets."""
    return [
        name
        for name, field in section.model_fields.items()
        if _is_marked(field.annotation) or any(isinstance(m, SecretMark) for m in field.metadata)
    ]


def secret_paths(
    root: type[Section], above: tuple[str, ...] = (), outer: tuple[type[Section], ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Where secrets are below `root`; `*` stands for any name of a map or place in a list.

    A section that contains itself, as a restriction of callers does, is walked once.
    """
    yield from ((*above, key) for key in secret_keys(root))
    for name, field in root.model_fields.items():
        annotation = _plain(field.annotation)
        path = (*above, name)
        if _has_members(annotation):
            annotation = _plain(_member(annotation))
            path = (*path, ANY)
        if is_section(annotation) and annotation not in (*outer, root):
            yield from secret_paths(annotation, path, (*outer, root))


def _is_marked(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        return any(isinstance(mark, SecretMark) for mark in get_args(annotation)[1:])
    if get_origin(annotation) in (Union, UnionType):
        return any(_is_marked(part) for part in get_args(annotation))
    return False


def _below(annotation: object, part: str | int) -> object:
    """The type of a member: of a section by its name, of a map or list whatever the name."""
    if is_section(annotation):
        member = annotation.model_fields.get(str(part))
        return member.annotation if member is not None else None
    return _member(annotation) if _has_members(annotation) else None


def _has_members(annotation: object) -> bool:
    return get_origin(annotation) in (Mapping, tuple)


def _member(annotation: object) -> object:
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple:
        return arguments[0] if arguments else None
    return arguments[-1] if arguments else None


def _plain(annotation: object) -> object:
    """Strip `Annotated` and, of a union, all but the part that has keys."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        parts = [_plain(part) for part in get_args(annotation)]
        return next((part for part in parts if is_section(part) or _has_members(part)), None)
    return annotation
