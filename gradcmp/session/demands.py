"""What must be able to run here, because the command line or the configuration names it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape

from gradcmp.core.requests import WorkerKey
from gradcmp.core.suggest import unknown_name
from gradcmp.core.targets import TargetPattern, resolve_device
from gradcmp.errors import Complaint
from gradcmp.registry import Descriptor, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Met where a target that matches `pattern` serves; `name` is what was written."""

    name: str
    pattern: TargetPattern

    @property
    def backend(self) -> str:
        """A pattern over the names of backends."""
        return self.pattern.segments[0].partition("+")[0]

    @property
    def execution(self) -> str:
        return (*self.pattern.segments, "*")[1]

    @property
    def device(self) -> str | None:
        return self.pattern.segments[2] if len(self.pattern.segments) > 2 else None


def demands_of(
    backends: Iterable[str], devices: Iterable[str], required: Iterable[TargetPattern]
) -> tuple[Demand, ...]:
    """The demands of `--backend`, `--device`, and `--require` with the configuration's `require`.

    The CPU is always there.
    """
    demands = [Demand(name=name, pattern=TargetPattern(text=escape(name))) for name in backends]
    demands += [
        Demand(name=name, pattern=TargetPattern(text=f"*-*-{escape(resolve_device(name))}"))
        for name in devices
        if name != "cpu"
    ]
    demands += [Demand(name=pattern.text, pattern=pattern) for pattern in required]
    return tuple(dict.fromkeys(demands))


def complaint_about(demand: Demand, registry: Registry, installed: Callable[[Descriptor], bool]) -> Complaint | None:
    """Why a demand cannot be met, as far as that is known before any worker has started."""
    described = [d for name, d in registry.descriptors.items() if fnmatchcase(name, demand.backend)]
    if not described:
        if demand.backend in registry.failed:
            reason = registry.failed[demand.backend]
            return Complaint(what=f"the backend `{demand.backend}` cannot be loaded: {reason}")
        return unknown_name("backend", demand.backend, registry.descriptors)
    present = [descriptor for descriptor in described if installed(descriptor)]
    if not present:
        if len(described) == 1:
            return Complaint(what=f"{described[0].title} is not installed", hint=described[0].install)
        what = f"`{demand.name}` can run nowhere here: none of {', '.join(d.name for d in described)} is installed"
        return Complaint(what=what, hint="`gradcmp backends` prints what to install")
    executions = [execution.name for descriptor in present for execution in descriptor.executions]
    if not any(fnmatchcase(name, demand.execution) for name in executions):
        return unknown_name("execution", demand.execution, set(executions))
    return None


def extra_workers(
    demands: Iterable[Demand],
    registry: Registry,
    installed: Callable[[Descriptor], bool],
    planned: Collection[WorkerKey],
) -> tuple[WorkerKey, ...]:
    """The workers that no case needs and that have to start to tell whether the demands are met."""
    keys = dict.fromkeys(planned)
    for demand in demands:
        if demand.pattern.segments[0] != demand.backend:
            continue  # an environment of its own: nothing that could be started here
        device = demand.device
        if any(fnmatchcase(key.backend, demand.backend) and fnmatchcase(key.device, device or "*") for key in keys):
            continue
        if device is None:
            device = "cpu"
        elif any(sign in device for sign in "*?["):
            device = "all"
        for name, descriptor in registry.descriptors.items():
            if fnmatchcase(name, demand.backend) and installed(descriptor):
                keys[WorkerKey(backend=name, device=device)] = None
    return tuple(key for key in keys if key not in planned)
