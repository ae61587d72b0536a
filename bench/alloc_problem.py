"""The generator's instance as an ``Allocation``; shared by the benchmarks of the big problem."""

import importlib.util
import sys
from pathlib import Path

import numpy as np

from routing.shared.allocation import Allocation

GENERATOR = Path(__file__).resolve().parents[1] / ".." / "shared" / "bench" / "gen_alloc.py"


def generated(orders: int, seed: int, *, generator: Path = GENERATOR, **options: object) -> Allocation:
    """``orders`` orders with some 130 candidates each; names are numbers padded to equal length."""
    spec = importlib.util.spec_from_file_location("gen_alloc", generator)
    if spec is None or spec.loader is None:
        sys.exit(f"no generator at {generator}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    built = module.build(orders, seed=seed, **options)
    uses = built["res"].shape[1]
    candidates = built["m"]
    return Allocation(
        orders=[f"{order:06d}" for order in range(orders)],
        resources=[f"{resource:05d}" for resource in range(built["nres"])],
        candidates=[str(item) for item in range(candidates)],
        capacity=built["cap"],
        first=built["ptr"].astype(np.int64),
        cost=built["cost"],
        use_first=np.arange(candidates + 1) * uses,
        use_resource=built["res"].ravel().astype(np.int64),
        use_amount=np.repeat(built["q"][built["order"]], uses),
        penalty=built["pen"],
        must_serve=np.zeros(orders, dtype=np.bool_),
        quantity=np.ones(orders, dtype=np.int64),
        splittable=np.zeros(orders, dtype=np.bool_),
        minimum_share=np.ones(orders, dtype=np.int64),
        group=np.full(orders, -1),
        label=np.full(candidates, -1),
        fixed_cost=np.zeros(built["nres"], dtype=np.int64),
        minimum=np.zeros(built["nres"], dtype=np.int64),
        owner=built["order"],
    )
