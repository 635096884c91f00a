"""How much one rendering in a process of its own may take."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` counts the whole process, of which the interpreter itself takes about 60 MiB."""

    memory: int = 512 * MIB
    cpu_seconds: int = 5
    wall_seconds: float = 15.0
