"""Requests to the fake backend, and pools of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy

from gradcmp.backends.fake.descriptor import FAKE
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Outcome
from gradcmp.core.requests import Request, WorkerKey
from gradcmp.core.tensors import Tensor
from gradcmp.execute.pool import Pool
from gradcmp.registry import Descriptor, Registry

KEY = WorkerKey(backend="fake")
TWO_X_DOT_X = "import numpy\n\n\ndef f(x):\n    return 2 * numpy.dot(x, x)\n"
GRADIENT = [0.0, 4.0, 8.0, 12.0]


def tensor(values: Any, dtype: str = "float32") -> Tensor:
    return Tensor(dtype=dtype, array=numpy.array(values, dtype="float32" if dtype == "bfloat16" else dtype))


def ask(execution: str = "right", **changes: Any) -> Request:
    """The gradient of 2 x·x at (0, 1, 2, 3), with short limits."""
    request = Request(
        case=execution,
        worker=KEY,
        source=TWO_X_DOT_X,
        entry="f",
        inputs={"x": tensor([0, 1, 2, 3])},
        wrt=("x",),
        outputs=("",),
        operator=Operator.GRADIENT,
        execution=execution,
        timeout_s=30.0,
        compile_timeout_s=30.0,
    )
    return dataclasses.replace(request, **changes)


def descriptor(name: str = "fake", **variables: str) -> Descriptor:
    return dataclasses.replace(FAKE, name=name, variables=variables)


def registry(*descriptors: Descriptor) -> Registry:
    return Registry(descriptors={d.name: d for d in descriptors or (FAKE,)}, failed={})


def open_pool(**options: Any) -> Pool:
    return Pool(registry(), [KEY], **options)


def answers(pool: Pool, requests: Iterable[Request]) -> dict[str, Outcome]:
    return {request.case: outcome for request, outcome in pool.run(iter(requests))}
