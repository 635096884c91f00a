"""What a DAG file may contain, held against its syntax tree. Every complaint says what to do instead."""

import ast
from collections.abc import Iterator

# A DAG file names things and wires them; what these could fetch belongs in a step or in commerce.toml.
ALLOWED_FROM_AIRFLOW = frozenset(
    {
        "Asset",
        "AssetOrTimeSchedule",
        "AssetWatcher",
        "CronDataIntervalTimetable",
        "CronTriggerTimetable",
        "Param",
        "dag",
        "task",
    }
)
RETURNS = frozenset({"dict[str, int]", "list[str]", "None"})
LOGIC = (
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.If,
    ast.IfExp,
    ast.Try,
    ast.With,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.ClassDef,
    ast.Raise,
    ast.Assert,
    ast.Global,
)
ADDRESSES = ("http://", "https://", "postgresql://", "sqlite://")
QUERIES = ("select ", "insert ", "update ", "delete ")


def complaints(source: str, stem: str) -> list[str]:
    tree = ast.parse(source)
    return [
        *_docstring(tree),
        *_imports(tree),
        *_logic(tree),
        *_texts(tree),
        *_top_level(tree),
        *_dag(tree, stem),
        *_tasks(tree),
    ]


def _docstring(tree: ast.Module) -> Iterator[str]:
    if len((ast.get_docstring(tree) or "").split("\n\n")) < 2:
        yield "begin with a docstring: what the DAG does, when, and what a second run does"


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield f"import by `from ... import ...`, not `import {node.names[0].name}`"
        elif isinstance(node, ast.ImportFrom):
            yield from _import_from(node)


def _import_from(node: ast.ImportFrom) -> Iterator[str]:
    module = node.module or ""
    names = {alias.name for alias in node.names}
    if node.level:
        yield "write absolute imports"
    elif module == "airflow.sdk" and names - ALLOWED_FROM_AIRFLOW:
        yield f"leave {', '.join(sorted(names - ALLOWED_FROM_AIRFLOW))} to commerce_events.airflow"
    elif module not in ("airflow.sdk", "datetime") and not module.startswith("commerce_events."):
        yield f"do not import {module}: what needs it belongs in a step"


def _logic(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, LOGIC):
            yield f"line {node.lineno}: move this {type(node).__name__} into a step"


def _texts(tree: ast.Module) -> Iterator[str]:
    described = ast.get_docstring(tree, clean=False)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != described:
            text = node.value.lower()
            if text.startswith(ADDRESSES):
                yield f"line {node.lineno}: put addresses into a connection"
            if text.lstrip().startswith(QUERIES):
                yield f"line {node.lineno}: put SQL into the ledger"


def _top_level(tree: ast.Module) -> Iterator[str]:
    for node in tree.body[1:]:
        constant = isinstance(node, ast.Assign | ast.AnnAssign) and all(
            isinstance(name, ast.Name) and name.id.isupper()
            for name in (node.targets if isinstance(node, ast.Assign) else [node.target])
        )
        called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if not (constant or called or isinstance(node, ast.ImportFrom | ast.FunctionDef | ast.Import)):
            yield f"line {node.lineno}: only imports, constants and the DAG stand at the top level"


def _dag(tree: ast.Module, stem: str) -> Iterator[str]:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if [function.name for function in functions] != [stem]:
        yield f"one function at the top level, the DAG, called {stem} like its file; helpers belong in steps"
        return
    settings = _decorator(functions[0], "dag")
    if settings is None:
        yield f"decorate {stem} with @dag(...)"
        return
    if isinstance(settings.get("schedule"), ast.Constant) and settings["schedule"].value is not None:  # type: ignore[attr-defined]
        yield "name the timetable: a cron string means zero-length intervals"
    wanted = {"catchup": "False", "max_active_runs": "1", "default_args": "DEFAULTS", "doc_md": "__doc__"}
    for key, value in wanted.items():
        if key not in settings or ast.unparse(settings[key]) != value:
            yield f"say {key}={value}"
    if "tags" not in settings or "'commerce'" not in ast.unparse(settings["tags"]):
        yield "tag it 'commerce'"


def _decorator(function: ast.FunctionDef, name: str) -> dict[str | None, ast.expr] | None:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Name) and decorator.id == name:
            return {}
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == name:
            return {keyword.arg: keyword.value for keyword in decorator.keywords}
    return None


def _tasks(tree: ast.Module) -> Iterator[str]:
    ours = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("commerce_events")
        for alias in node.names
    }
    for dag in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for function in (
            node for node in ast.walk(dag) if isinstance(node, ast.FunctionDef) and node is not dag
        ):
            yield from _task(function, ours)


def _task(function: ast.FunctionDef, ours: set[str]) -> Iterator[str]:
    name = function.name
    if _decorator(function, "task") is None:
        yield f"{name}: make it a @task or move it into a step"
        return
    if function.returns is None or ast.unparse(function.returns) not in RETURNS:
        yield f"{name}: return counts (dict[str, int]) or names (list[str]); records stay in the ledger"
    call = getattr(function.body[0], "value", None) if len(function.body) == 1 else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func).split(".")[0] not in ours:
        yield f"{name}: let the body be one call to a step"
