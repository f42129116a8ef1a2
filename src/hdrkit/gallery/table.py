"""A table of LanceDB that is made when the first rows come, and from which rows can be erased for good."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

from hdrkit.errors import HdrkitError, InputError
from hdrkit.gallery.rows import Key

_PIECES = 20  # additions after which a table is tidied
_BATCH = 2048  # rows in memory while a table is written anew, and values in a condition
_CONDITIONS = 100  # that are joined by OR
_Method = TypeVar("_Method", bound=Callable[..., Any])


def reason_of(error: Exception) -> str:
    """What LanceDB says of an error, without places in its own source: the innermost message, else the beginning."""
    first = (str(error).splitlines() or [""])[0]
    if said := re.findall(r'message: "([^"]+)"', first):
        return str(said[-1])
    plain = re.sub(r",? ?[^\s,]*\.rs(:[0-9]+)*", "", first.partition(" { ")[0])
    return plain.removeprefix("lance error: ").strip() or type(error).__name__


def _told(method: _Method) -> _Method:
    """A method whose errors of LanceDB are one line that names the gallery."""

    @wraps(method)
    def run(self: StoredTable, *given: Any, **named: Any) -> Any:
        try:
            return method(self, *given, **named)
        except HdrkitError:
            raise
        except (ValueError, OSError, RuntimeError) as error:
            raise InputError(self.trouble(error)) from error

    return cast(_Method, run)


class StoredTable:
    """A table by its name. Without a `schema` it is made when rows come.

    Every method raises InputError if the files of the table are damaged, or cannot be reached.
    """

    def __init__(self, database: Any, name: str, schema: Any = None) -> None:
        self._database, self._name, self._schema = database, name, schema
        self._changes = 0

    @cached_property
    def _table(self) -> Any:
        return self._database.open_table(self._name) if self._is_there() else None

    def _is_there(self) -> bool:
        return self._name in self._database.list_tables().tables

    def trouble(self, error: Exception) -> str:
        """The line about an error of LanceDB."""
        at = self._database.uri
        return (
            f"{at}: the gallery is damaged or cannot be reached ({self._name}: {reason_of(error)}); put back a copy of it, "
            f"or begin anew with: hdrkit faces --forget all --gallery {at}"
        )

    @property
    @_told
    def columns(self) -> list[str]:
        """The names of its columns; none before it is made."""
        return list(self._table.schema.names) if self._table is not None else []

    @_told
    def width_of(self, column: str) -> int:
        """How many numbers a vector of a column holds; 0 before the table is made."""
        return self._table.schema.field(column).type.list_size if self._table is not None else 0

    @_told
    def rows_of(self, column: str, values: Collection[Any] | None = None, columns: Sequence[str] | None = None) -> Any:
        """The rows in which a column has one of the values, or all rows, as an Arrow table with these columns or all."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._table is None:
            names = columns or (self._schema.names if self._schema else [column])
            return pa.table(
                {name: pa.array([], pa.null() if self._schema is None else self._schema.field(name).type) for name in names}
            )
        if values is None:
            search = self._table.search()
            return (search.select(list(columns)) if columns else search).to_arrow()
        keys = self._table.search().select([column]).with_row_id(True).to_arrow()
        wanted = pa.array(list(values), self._table.schema.field(column).type)
        rows = keys["_rowid"].filter(pc.is_in(keys[column], value_set=wanted)).to_pylist()
        if not rows:
            schema = self._table.schema
            return (pa.schema([schema.field(name) for name in columns]) if columns else schema).empty_table()
        return self._table.take_row_ids(rows).select(list(columns or self.columns)).to_arrow()

    @_told
    def add(self, rows: Any, schema: Any = None) -> None:
        """Add rows. The first ones make the table, with the `schema` if it had none."""
        if self._table is None:
            self._schema = schema or self._schema
            self._table = self._database.create_table(self._name, schema=self._schema)
        if len(rows):
            self._table.add(rows)
            self._changes += 1

    @_told
    def remove(self, column: str, values: Iterable[Any]) -> None:
        """Take out the rows in which a column has one of the values. Their data stay in the files, unlike with `erase`."""
        if self._table is None:
            return
        present = self.rows_of(column, list(values), [column])[column].unique().to_pylist()
        for start in range(0, len(present), _BATCH):
            self._table.delete(f"{column} IN ({', '.join(map(_literal, present[start : start + _BATCH]))})")
        self._changes += bool(present)

    @_told
    def change(self, column: str, old: int, new: int) -> None:
        """Write a new number in place of another in a column."""
        if self._table is not None:
            self._table.update(where=f"{column} = {old}", values={column: new})
            self._changes += 1

    @_told
    def erase(self, column: str, values: Collection[Any]) -> None:
        """Take out rows for good: the table is written anew, and its old files are removed."""
        self.remove(column, values)
        self._rewrite()

    @_told
    def erase_keys(self, keys: Sequence[Key]) -> None:
        """Take out faces for good, by digest and place."""
        for start in range(0, len(keys) if self._table is not None else 0, _CONDITIONS):
            each = (f"(digest = {_literal(digest)} AND place = {place})" for digest, place in keys[start : start + _CONDITIONS])
            self._table.delete(" OR ".join(each))
        self._rewrite()

    @_told
    def drop(self) -> None:
        """Remove the table and its files, also where they are damaged."""
        if self._is_there():
            self._database.drop_table(self._name)
        self._table = None

    @_told
    def tidy(self) -> None:
        """Join the pieces of a table that was changed many times."""
        if self._table is not None and self._changes >= _PIECES:
            self._clean()

    def _rewrite(self) -> None:
        if self._table is not None:
            rows, schema = self._table.search().to_batches(_BATCH), self._table.schema
            self._table = self._database.create_table(self._name, data=rows, schema=schema, mode="overwrite")
            self._clean()

    def _clean(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that another process may read an older version: the folder is locked
            self._table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
        self._changes = 0


def _literal(value: Any) -> str:
    """A value in SQL."""
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
