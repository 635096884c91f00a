"""Column types that read alike on SQLite and Postgres."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

# SQLite numbers rows by itself only where the type is exactly INTEGER.
Counter = BigInteger().with_variant(Integer, "sqlite")


class Id(TypeDecorator[UUID]):
    """A UUID: native on Postgres, 16 bytes on SQLite (a third of the text's size in every index)."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(Uuid() if native else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        return UUID(bytes=value) if isinstance(value, bytes) else value


class Ids(UserDefinedType[Sequence[UUID]]):
    """Many UUIDs as one parameter for Postgres. Written out: half the work of converting each.

    The parameter itself must be an array: a cast from text would be made again for every row looked at.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        return "UUID[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        return lambda ids: "{" + ",".join(each.hex for each in ids) + "}"
