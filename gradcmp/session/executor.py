"""The workers of a plan: started, and held against what was asked for by name."""

from fnmatch import fnmatchcase

from gradcmp.core.executors import Executor, Failed, Ready
from gradcmp.core.requests import REFEREE
from gradcmp.core.targets import Target
from gradcmp.errors import Complaint, MissingTargetError
from gradcmp.execute.pool import Pool
from gradcmp.registry import Registry
from gradcmp.session.demands import Demand
from gradcmp.session.plan import Plan
from gradcmp.session.request import RunOptions


def open_pool(plan: Plan, registry: Registry, options: RunOptions) -> Pool:
    """The workers of the plan and, where it is needed, the reference's; they start when the pool is entered."""
    workers = (*plan.workers, REFEREE) if options.reference or plan.expects_expressions else plan.workers
    return Pool(
        registry, workers, threads=options.threads, max_memory_bytes=options.max_memory_bytes, jobs=options.jobs
    )


def refuse_unmet_demands(plan: Plan, executor: Executor, registry: Registry) -> None:
    """Raise MissingTargetError for what was named and can run nowhere; waits for the workers where there is any."""
    if not plan.demands:
        return
    workers = {key: state for key, state in executor.wait_until_ready().items() if key != REFEREE}
    serving = [
        Target(backend=key.backend, environment=key.environment, execution=execution.name, device=device)
        for key, worker in workers.items()
        if isinstance(worker, Ready)
        for execution in registry.descriptors[key.backend].executions
        for device in worker.devices
    ]
    failed = {
        key.backend: f"{registry.descriptors[key.backend].title} does not start: {worker.message}"
        for key, worker in workers.items()
        if isinstance(worker, Failed)
    }
    unmet = [demand for demand in plan.demands if not any(map(demand.pattern.matches, serving))]
    if unmet:
        raise MissingTargetError(*(_unmet(demand, failed) for demand in unmet))


def _unmet(demand: Demand, failed: dict[str, str]) -> Complaint:
    reasons = [reason for backend, reason in failed.items() if fnmatchcase(backend, demand.backend)]
    hint = "; ".join(reasons) or "`gradcmp backends` prints what there is"
    return Complaint(what=f"`{demand.name}` can run nowhere here", hint=hint)
