"""Facts about deploy/monitoring: what Prometheus asks for is there, and the dashboard shows all of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services import workers
from services.settings import Settings
from services.store import Store
from services.workers import FLUSH_SECONDS
from tests.security.service import GuardedService
from tests.support.jobs import submitted

MONITORING = Path(__file__).parents[2] / "deploy/monitoring"
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "grafana/gradqueue.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]

_METRIC = re.compile(r"\b(?:gradqueue|process)_\w+")

_ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only there does a process know its memory")


@pytest.fixture
def families(sqlite_url: str) -> dict[str, set[str]]:
    """The figures of a service with a job and a worker: the names of a metric's samples, and their labels."""
    store = Store(sqlite_url, Settings())
    submitted(store)
    counted = workers.Figures(
        epochs=1, claims=1, flush_seconds=0.1, flushes=[1] * (len(FLUSH_SECONDS) + 1),
        sweeps=1, taken_back=1, given_up=1,
    )  # fmt: skip
    workers.renew(store, "a worker", processes=1, seconds=60, figures=counted)
    caller = GuardedService(store, authentication="off").caller()
    caller.ask("GET", "/healthz")
    text = caller.ask("GET", "/metrics").text
    store.close()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@_ON_LINUX
def test_the_dashboard_names_no_metric_that_is_not_there(families: dict[str, set[str]]) -> None:
    assert {name for expr in EXPRESSIONS for name in _METRIC.findall(expr)} - families.keys() == set()


@_ON_LINUX
def test_the_dashboard_groups_by_labels_that_are_there(families: dict[str, set[str]]) -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            (metric,) = set(_METRIC.findall(target["expr"]))
            # Prometheus adds the instance itself.
            labels = families[metric] | {"instance"}
            groups = re.findall(r"(?:by|without) \(([\w, ]+)\)", target["expr"])
            named = {label for group in groups for label in group.split(", ")}
            named |= set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert named <= labels, target["expr"]


def test_the_dashboard_leaves_out_none_of_our_metrics(families: dict[str, set[str]]) -> None:
    def plain(name: str) -> str:
        return re.sub(r"_(bucket|sum|count|created|total)$", "", name)

    shown = {plain(name) for expr in EXPRESSIONS for name in _METRIC.findall(expr)}
    assert {plain(name) for name in families if name.startswith("gradqueue_")} - shown == set()


def test_panels_have_a_place_and_a_number_of_their_own_and_the_provisioned_datasource() -> None:
    source = re.search(r"uid: (\w+)", (MONITORING / "grafana/datasource.yml").read_text())
    assert source
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {source[1]}
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)), "panels that overlap"
    assert max(x for x, _ in cells) < 24


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (on Debian it is in the package prometheus)")
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    """With a key that is there, as promtool looks for the file."""
    (tmp_path / "key").write_text("gq_")
    text = (MONITORING / "prometheus.yml").read_text().replace("/run/secrets/metrics_key", f"{tmp_path}/key")
    (tmp_path / "prometheus.yml").write_text(text)
    done = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_understands_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    """As rules, because those it can check without a server."""
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(EXPRESSIONS)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", str(tmp_path / "rules.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
