"""The commonest client of all reads the stream, as it comes."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from serving import PATH, Stepping, parse, serving, stop

CURL = shutil.which("curl")


@pytest.mark.skipif(CURL is None, reason="needs curl")
def test_curl_reads_each_event_as_it_comes():
    model, token = Stepping(), "the-token-of-this-test"
    with serving(model, token=token) as client:
        with subprocess.Popen(
            [
                *(CURL, "-N", "-sS", "--fail", "-H", f"Authorization: Bearer {token}"),
                *("--json", json.dumps({"user_message": "Hi"})),
                f"{client.base_url}{PATH}",
            ],
            stdout=subprocess.PIPE,
        ) as curl:
            received = b""
            for number in range(3):
                model.step()
                while f'"{number} "'.encode() not in received:  # the next one is not there yet
                    received += curl.stdout.readline()
            model.end()
            received += curl.stdout.read()
            assert curl.wait() == 0
        run_id = next(parse(received))[2]["run_id"]
        again = subprocess.run(
            [
                *(CURL, "-N", "-sS", "--fail", "-H", f"Authorization: Bearer {token}"),
                *("-H", "Last-Event-ID: 3", f"{client.base_url}{PATH}/{run_id}"),
            ],
            check=True,
            capture_output=True,
        )
        assert list(parse(again.stdout)) == list(parse(received))[3:]
        assert stop(client, run_id).status_code == 204
