"""Flags from option dataclasses. A command names the groups of options that it takes, and receives them built.

A field is an option of the command line if its metadata have `flag`. Beside `flag` and `help` the metadata may hold

- `panel` of the help page, `metavar`, `min` and `max`, and `shown`: the default that the help page shows;
- `parse`: a function from text to a value that raises ValueError. Without it the type of the field decides; an enumeration
  gives the choices;
- `words`: words that are accepted instead of a value. A word switches on another field, of the same dataclass or of one
  around it;
- `together`: a word and a value may both be given, each with the flag of its own.

The flag of a field that is on by default switches it off.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, cast, get_args, get_origin

import typer

from hdrkit.errors import HdrkitError
from hdrkit.files.configuration import Settings, bare, choices_of, kind_of

_Path = tuple[str, ...]

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="File of settings, in sections: TOML, JSON or YAML. Options on the command line win over it.",
    ),
]


@dataclass(frozen=True)
class Part:
    """The fields of a group, and of the groups in it, that a command takes: `only` some, or all `but` some.

    `fixed` holds the values that the command sets itself, `usual` other defaults. `metadata` of a field here replace those in the
    dataclass.
    """

    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    usual: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def takes(self, name: str) -> bool:
        """Whether the command has an option for the field of this name."""
        return name not in self.but and name not in self.fixed and (not self.only or name in self.only)


@dataclass(frozen=True)
class _Flag:
    """A field as an option. `path` leads to it from the parameter of the command; `switched` holds the fields of its words.

    `usual` is its default, if the command has another one than the field.
    """

    path: _Path
    owner: type[Any]
    field: Field[Any]
    metadata: Mapping[str, Any]
    switched: Mapping[str, tuple[_Path, Field[Any]]]
    usual: Any = None

    @property
    def parameter(self) -> str:
        return "__".join(self.path)

    @property
    def names(self) -> list[str]:
        return cast(str, self.metadata["flag"]).split()

    @property
    def kind(self) -> Any:
        return bare(kind_of(self.owner, self.field))

    @property
    def metavar(self) -> str | None:
        alternatives = [self.metadata.get("metavar") or "|".join(choices_of(self.kind)), *self.switched]
        return "|".join(one for one in alternatives if one) or None

    @property
    def several(self) -> bool:
        """Whether the flag may be given more than once."""
        return bool(self.switched) and bool(self.metadata.get("together"))

    def as_parameter(self) -> inspect.Parameter:
        """The option as a parameter that typer understands."""
        plain = self.kind in (bool, int, float, Path) and not self.metadata.get("parse") and not self.switched
        kind: Any = self.kind if plain else str
        turned_off = kind is bool and self.field.default is True
        help_text = ("Do not " if turned_off else "") + self.metadata["help"]
        for word, (_, switch) in self.switched.items():
            help_text += f"; or {word}: {switch.metadata['help']}"
        default: Any = inspect.Parameter.empty
        if kind is bool:
            default = False
        elif self.usual is not None:
            default = _as_text(self.usual)
        elif self.field.default is not MISSING:
            default = _as_text(self.field.default)
        elif self.field.default_factory is not MISSING:
            default = None
        option = typer.Option(
            *(_switch(name) if kind is bool and name.startswith("--") else name for name in self.names),
            help=help_text[:1].upper() + help_text[1:].rstrip(".") + ".",
            metavar=self.metavar,
            min=self.metadata.get("min"),
            max=self.metadata.get("max"),
            show_default=self.metadata.get("shown", True),
            rich_help_panel=self.metadata.get("panel"),
        )
        kind = list[str] if self.several else kind
        wide: Any = kind if default is inspect.Parameter.empty or kind is bool else kind | None
        annotation: Any = Annotated[wide, option]
        return inspect.Parameter(self.parameter, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    def means(self, given: Any) -> bool:
        """Whether a value of a configuration is none of the words that only other commands know."""
        return not isinstance(given, str) or given not in self.metadata.get("words", {}) or given in self.switched

    def texts(self, given: Any) -> list[Any]:
        """What the flag was given, each time that it was. Raises BadParameter for a second value, or a second word."""
        if not self.several:
            return [given]
        words = [one for one in given if one in self.switched]
        if max(len(words), len(given) - len(words)) > 1:
            raise typer.BadParameter(f"give {self.metavar} once each, not {', '.join(given)}", param_hint=self.names[0])
        return list(given)

    def value(self, given: Any) -> Any:
        """The value of the field for the text that the option was given. Raises BadParameter."""
        hint = next(name for name in self.names if name.startswith("--"))
        if self.kind is bool:
            return given != (self.field.default is True)
        if str(given) in self.metadata.get("words", {}) and "parse" not in self.metadata:
            raise typer.BadParameter(f"{str(given)!r} is not possible for this command; give {self.metavar}", param_hint=hint)
        if choices := choices_of(self.kind):
            if given not in choices:
                raise typer.BadParameter(f"{given!r} is none of {', '.join(choices)}", param_hint=hint)
            return self.kind(given) if isinstance(self.kind, type) else given
        try:
            return self.metadata["parse"](given) if "parse" in self.metadata else self.kind(given)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=hint) from None


def _switch(name: str) -> str:
    """`--crop` as the pair `--crop/--no-crop`: a switch that a configuration file sets can be taken back."""
    return f"{name}/--{name.removeprefix('--no-')}" if name.startswith("--no-") else f"{name}/--no-{name.removeprefix('--')}"


def takes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --config, and an option for each field of the option dataclasses among its parameters.

    The parameters have the type of a dataclass, or `Annotated[THE_DATACLASS, Part(...)]`. The command receives them built. The
    attribute `option_groups` of the result holds the dataclasses that its options come from.
    """
    own = inspect.signature(command, eval_str=True).parameters
    groups = {name: found for name, one in own.items() if (found := _group(one.annotation))}
    flags = [flag for name, (kind, part) in groups.items() for flag in _flags((name,), kind, part, ())]

    def run(context: typer.Context, config: Path | None, **given: Any) -> None:
        settings = _settings(config) if config and not given.get("undo") else {}
        chosen: dict[_Path, Any] = {}
        for flag in flags:
            text = given.pop(flag.parameter)
            source = context.get_parameter_source(flag.parameter)
            if source is not None and source.name == "COMMANDLINE":
                chosen |= dict.fromkeys((path for path, _ in flag.switched.values()), False)
                for one in flag.texts(text):
                    chosen |= _choice(flag, one, flag.value)
            elif flag.field.name in (section := settings.get(flag.owner, {})) and flag.means(section[flag.field.name]):
                chosen |= _choice(flag, section[flag.field.name], lambda value: value)
        built = {name: _built((name,), kind, part, chosen, settings) for name, (kind, part) in groups.items()}
        more = {"context": context} if "context" in own else {}
        command(**given, **built, **more)

    parameters = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for name, one in own.items():
        lent = [flag.as_parameter() for flag in flags if flag.path[0] == name]
        parameters += lent if name in groups else [one.replace(kind=inspect.Parameter.KEYWORD_ONLY)] if name != "context" else []
    parameters.append(inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Config))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    run.option_groups = frozenset(flag.owner for flag in flags)  # type: ignore[attr-defined]
    return run


def _group(annotation: Any) -> tuple[type[Any], Part] | None:
    kind, *notes = get_args(annotation) if get_origin(annotation) is Annotated else [annotation]
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return None
    return kind, next((note for note in notes if isinstance(note, Part)), Part())


def _nested(one: Field[Any]) -> type[Any] | None:
    """The dataclass that a field holds, if the field is a group of options itself."""
    factory = one.default_factory
    return factory if isinstance(factory, type) and is_dataclass(factory) else None


def _flags(path: _Path, kind: type[Any], part: Part, around: tuple[tuple[_Path, type[Any]], ...]) -> Iterator[_Flag]:
    """The options of a group in the order of its fields. `around` holds the groups that contain it, the innermost last."""
    around = (*around, (path, kind))
    for one in fields(kind):
        if inner := _nested(one):
            yield from _flags((*path, one.name), inner, part, around)
        elif part.takes(one.name) and "flag" in one.metadata:
            metadata = {**one.metadata, **part.metadata.get(one.name, {})}
            switched = {
                word: ((*there, switch.name), switch)
                for word, name in metadata.get("words", {}).items()
                for there, group in around
                for switch in fields(group)
                if switch.name == name and part.takes(name)
            }
            yield _Flag((*path, one.name), kind, one, metadata, switched, part.usual.get(one.name))


def _choice(flag: _Flag, given: Any, value: Callable[[Any], Any]) -> dict[_Path, Any]:
    """The value of an option's field; or, if a word was given instead of a value, of the field that the word switches on."""
    if isinstance(given, str) and given in flag.switched:
        return {flag.switched[given][0]: True}
    return {flag.path: value(given)}


def _built(path: _Path, kind: type[Any], part: Part, chosen: Mapping[_Path, Any], settings: Settings) -> Any:
    values: dict[str, Any] = {}
    for one in fields(kind):
        if inner := _nested(one):
            values[one.name] = _built((*path, one.name), inner, part, chosen, settings)
        elif one.name in part.fixed:
            values[one.name] = part.fixed[one.name]
        elif (*path, one.name) in chosen:
            values[one.name] = chosen[*path, one.name]
        elif part.takes(one.name) and "flag" not in one.metadata and one.name in settings.get(kind, {}):
            values[one.name] = settings[kind][one.name]
        elif one.name in part.usual:
            values[one.name] = part.usual[one.name]
    try:
        return kind(**values)
    except HdrkitError as error:
        raise typer.BadParameter(str(error)) from None


def _as_text(default: Any) -> Any:
    """A default in the form that the command line takes."""
    if isinstance(default, tuple):
        return ",".join(f"{one:g}" for one in default)
    return default if isinstance(default, (bool, int, float, Path)) else str(default or "") or None


def _settings(config: Path) -> Settings:
    from hdrkit.cli.console import trouble
    from hdrkit.cli.sections import sections
    from hdrkit.files.configuration import read_settings

    try:
        return read_settings(config, sections())
    except HdrkitError as error:
        trouble(error)
        raise typer.Exit(2) from None
