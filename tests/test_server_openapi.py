"""No request that the OpenAPI description allows, or comes near to, is answered with a 5xx."""

from __future__ import annotations

import contextlib
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from serving import SOON, ask, bearer, events, limited, saying, serving

schemathesis = pytest.importorskip("schemathesis", reason="comes with the extra dev")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402

pytestmark = pytest.mark.slow

TOKEN = "the-token-of-this-test"
EXAMPLES = 60  # for each call and each kind of data


@pytest.fixture(scope="module")
def client():
    limits = limited(runs_per_user=10_000, runs=10_000, kept_s=3_600)
    with serving(saying("yes ", "and no"), token=TOKEN, limits=limits, docs=True) as client:
        yield client


@pytest.mark.timeout(120)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_nothing_that_can_be_asked_makes_the_backend_fail(client, mode):
    schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    answered = {f"{each.method} {each.path}": statuses(client, each, mode) for each in operations}
    assert len(answered) == 12
    if mode is GenerationMode.POSITIVE:  # each call got beyond its refusals
        assert [name for name, found in answered.items() if not found & {200, 204}] == []


def statuses(client, operation, mode):
    """Make many calls of one kind; return the statuses of their answers."""
    found = set()

    @given(case=operation.as_strategy(generation_mode=mode), is_there=st.booleans())
    @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
    def call(case, is_there):
        if is_there and isinstance(case.path_parameters, dict):
            # Otherwise hardly any call would get further than “there is no such …”.
            answer = events(ask(client, {"user_message": "Hi"}).content)
            there = {"run_id": answer[0][1]["run_id"], **answer[1][1]}
            there["name"] = "model"
            for name in case.path_parameters:
                case.path_parameters[name] = there[name]
        if is_there and mode is GenerationMode.POSITIVE and "completions" in case.path:
            case.body["model"] = "model"
            case.body["messages"].append({"role": "user", "content": "Hi"})
        response = case.call(base_url=str(client.base_url), headers=bearer(TOKEN), timeout=SOON)
        found.add(response.status_code)
        case.validate_response(response, checks=[not_a_server_error])

    with warnings.catch_warnings(), contextlib.suppress(Unsatisfiable):
        # Unsatisfiable: there is nothing that could be wrong about asking for /healthz.
        warnings.simplefilter("ignore")  # schemathesis's own, about generated data
        call()
    return found
