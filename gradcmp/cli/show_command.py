"""`gradcmp show`."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from gradcmp.cli.options import BackendName, ScenarioArgument, debug_option
from gradcmp.core.expectations import Expectation
from gradcmp.core.expected import (
    ExpectedAbout,
    ExpectedExpression,
    ExpectedLeaf,
    ExpectedNothing,
    ExpectedNumbers,
    ExpectedOutcome,
    ExpectedResult,
    ExpectedVerdict,
)
from gradcmp.core.problems import Case, Problem
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.specifications import InputTree, Specification
from gradcmp.core.targets import Target
from gradcmp.errors import GradcmpError, MissingTargetError, NothingSelectedError, UsageError


@click.command("show")
@click.argument("identifier", type=ScenarioArgument(), metavar="ID")
@click.option("--as", "backend", type=BackendName(), help="Print the code that this backend runs.")
@click.option("--execution", default="eager", show_default=True, help="The execution whose code is printed.")
@click.option("--shipped", is_flag=True, help="Look among the scenarios that come with gradcmp.")
@debug_option
def command(identifier: str, backend: str | None, execution: str, shipped: bool) -> None:
    """Print the scenario as understood, or with `--as` the framework code that is run: plain text for a bug report."""
    problem = _first_problem(identifier, shipped)
    if backend is None:
        click.echo("\n".join(_understood(problem)))
    else:
        click.echo(_code(problem, backend, execution), nl=False)


def _first_problem(identifier: str, shipped: bool) -> Problem:
    from gradcmp.scenario.load import load
    from gradcmp.session.plan import no_such, problems_of

    selection = load((identifier,), folder=Path.cwd(), shipped=shipped)
    problems = [problem for scenario in selection.scenarios for problem in problems_of(scenario)]
    chosen = [problem for problem in problems if selection.selects_problem(problem)]
    if not chosen:
        raise NothingSelectedError(no_such("problem", identifier, (problem.id for problem in problems)))
    named = {problem.scenario.id for problem in chosen}
    if len(named) > 1:
        listing = shlex.join(("gradcmp", "list", identifier, *(("--shipped",) if shipped else ())))
        shown = chosen[0].scenario.id
        click.echo(f"the first of {len(named)} scenarios, {shown}; `{listing}` has the others", err=True)
    return chosen[0]


def _code(problem: Problem, backend: str, execution: str) -> str:
    from gradcmp.core.suggest import unknown_name
    from gradcmp.program.lower import CannotLower
    from gradcmp.registry import load_registry
    from gradcmp.session.prepare import lower_for, understand
    from gradcmp.session.request import RunOptions

    registry = load_registry()
    if backend not in registry.descriptors:
        raise MissingTargetError(unknown_name("backend", backend, registry.descriptors))
    executions = [known.name for known in registry.descriptors[backend].executions]
    if execution not in executions:
        raise UsageError(unknown_name("execution", execution, executions))
    case = Case(problem=problem, target=Target(backend=backend, execution=execution))
    understood = understand(problem, RunOptions())
    try:
        return lower_for(understood.checked, case, registry).source
    except CannotLower as error:
        raise CannotShow(f"{case.id}: {error}") from error


class CannotShow(GradcmpError):
    """There is no code for this case."""

    exit_code = 1


def _understood(problem: Problem) -> Iterator[str]:
    from gradcmp.scenario.keys import SCENARIO

    scenario = problem.scenario
    rows: Mapping[str, Any] = {
        "id": scenario.id,
        "file": scenario.location,
        "suite": scenario.suite,
        "description": scenario.description,
        "tags": ", ".join(scenario.tags),
        "parameters": ", ".join(f"{name}={value}" for name, value in scenario.parameters.items()),
        "operator": "" if scenario.protocols else ", ".join(scenario.operators),
        "mode": ", ".join(scenario.modes),
        "protocol": ", ".join(scenario.protocols),
        "dtype": ", ".join(scenario.dtypes or (SCENARIO["dtype"].word,)),
        "wrt": ", ".join(scenario.wrt),
        "cotangent": _seed(scenario.cotangent, problem.dtype),
        "tangent": _seed(scenario.tangent, problem.dtype),
        "backend": ", ".join(scenario.backends or ("every one that is installed",)),
        "execution": ", ".join(scenario.executions or (SCENARIO["execution"].word,)),
        "device": ", ".join(scenario.devices or (SCENARIO["device"].word,)),
        "max_iterations": scenario.max_iterations or "",
        "tolerance": _tolerance(scenario.tolerance),
        "timing": "" if scenario.timing is None else scenario.timing,
        "timeout": _seconds(scenario.timeout_s),
        "compile_timeout": _seconds(scenario.compile_timeout_s),
        "skip": "; ".join(f"{pattern.text}: {reason}" for pattern, reason in scenario.skip),
        "strict": "true" if scenario.expect.strict else "",
    }
    for name, value in rows.items():
        if str(value):
            yield f"{click.style(name, bold=True)}: {value}"
    yield click.style("inputs", bold=True) + ":"
    yield from _inputs(scenario.inputs, problem.dtype, "  ")
    yield click.style("function", bold=True) + ":"
    yield from (f"  {line}" for line in scenario.function.text.strip().splitlines())
    if scenario.expect.entries:
        yield click.style("expect", bold=True) + ":"
        yield from (f"  {line}" for entry in scenario.expect.entries for line in _expectation(entry))


def _seconds(limit_s: float | None) -> str:
    return "" if limit_s is None else f"{limit_s:g} s"


def _tolerance(tolerance: Tolerance | None) -> str:
    if tolerance is None:
        return ""
    given = {"ulps": tolerance.ulps, "rtol": tolerance.rtol, "atol": tolerance.atol}
    return ", ".join(f"{name} {value:g}" for name, value in given.items() if value is not None)


def _seed(seed: Mapping[str, Specification] | None, dtype: str) -> str:
    """A cotangent or tangent; nothing where it is ones."""
    return "; ".join(
        f"{path}: {_specification(one, dtype)}" if path else _specification(one, dtype)
        for path, one in (seed or {}).items()
    )


def _expectation(entry: Expectation) -> Iterator[str]:
    """Lines such as `torch: gradient: x: 2 * x`."""
    heads = [entry.pattern.text] if entry.pattern is not None else []
    heads += [entry.operator] if entry.operator is not None else []
    match entry.expected:
        case ExpectedResult(leaves=leaves):
            for path, leaf in leaves.items():
                yield ": ".join((*heads, *filter(None, [path]), _expected_leaf(leaf)))
        case ExpectedOutcome(outcome=outcome, exception=exception, match=pattern):
            how = f"raises {exception or 'an exception'}" if outcome == "raised" else outcome
            yield ": ".join((*heads, f"{how}, matching {pattern}" if pattern else how))
        case ExpectedVerdict(verdict=verdict):
            yield ": ".join((*heads, f"the verdict {verdict}"))


def _expected_leaf(leaf: ExpectedLeaf) -> str:
    match leaf:
        case ExpectedExpression(program=program):
            return program.text.strip()
        case ExpectedAbout(text=text):
            return f"about {text}"
        case ExpectedNumbers(data=data):
            return str(data)
        case ExpectedNothing():
            return "none"


def _inputs(tree: InputTree, dtype: str, margin: str) -> Iterator[str]:
    for name, child in tree.children.items():
        if isinstance(child, InputTree):
            yield f"{margin}{name}:"
            yield from _inputs(child, dtype, margin + "  ")
        else:
            yield f"{margin}{name}: {_specification(child, dtype)}"


def _specification(specification: Specification, dtype: str) -> str:
    shape = "shape from the file" if specification.shape is None else str(list(specification.shape))
    arguments = ", ".join(f"{name}: {value}" for name, value in specification.arguments.items())
    return f"{specification.dtype_in(dtype)} {shape} from {{{arguments}}}"
