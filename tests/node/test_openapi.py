"""The published interface and the node say the same: schemathesis asks what the document allows, and
what it does not, and looks at every answer."""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.parts.node_inside import Inside, signing_app

schemathesis = pytest.importorskip("schemathesis")
READING = ["health", "metrics", "catalogue", "status"]
WRITING = ["quote", "hold", "confirm", "release", "cancel", "complete", "event"]
OPERATIONS = READING + WRITING


@pytest.fixture(scope="module")
def operations(tmp_path_factory):
    inside = Inside(tmp_path_factory.mktemp("works"), capacity=10)
    schema = schemathesis.openapi.from_asgi("/openapi.json", signing_app(inside))
    yield {found.ok().definition.raw["operationId"]: found.ok() for found in schema.get_all_operations()}
    inside.node.close()


def test_every_operation_is_examined(operations):
    assert set(operations) == set(OPERATIONS)


@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, "POSITIVE") for name in OPERATIONS] + [(name, "NEGATIVE") for name in (*WRITING, "status")],
)
def test_every_answer_is_one_that_the_document_describes(operations, name, mode):
    strategy = operations[name].as_strategy(generation_mode=getattr(schemathesis.GenerationMode, mode))

    @given(case=strategy)
    @settings(
        max_examples=int(os.environ.get("NET_SCHEMATHESIS_EXAMPLES", "25")),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def ask(case):
        case.call_and_validate()

    ask()
