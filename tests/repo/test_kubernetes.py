"""Facts about the Kubernetes manifests: the API server takes them, they fit the service and each other."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gradqueue.cli import main
from services.settings import Settings

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
#: The oldest and the newest version whose schemas are compared with.
VERSIONS = ("1.30", "1.34")

Manifest = dict[str, Any]


def manifests(*kinds: str) -> list[Manifest]:
    return [
        document
        for path in sorted(FOLDER.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
        if not kinds or document["kind"] in kinds
    ]


def pods() -> Iterator[Manifest]:
    """The specs of all pods."""
    for manifest in manifests("Deployment", "Job"):
        yield manifest["spec"]["template"]["spec"]


def containers() -> Iterator[Manifest]:
    for pod in pods():
        yield from [*pod.get("initContainers", []), *pod["containers"]]


def name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


#: KEDA's own kind has no schema among Kubernetes' own; what it refers to is tested below.
OF_KUBERNETES = [each for each in manifests() if each["kind"] != "ScaledObject"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", OF_KUBERNETES, ids=name)
def test_the_schema_takes_it(manifest: Manifest, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def _without_selector(deployment: Manifest) -> None:
    del deployment["spec"]["selector"]


def _text_for_a_number(deployment: Manifest) -> None:
    deployment["spec"]["replicas"] = "two"


def _misspelt(deployment: Manifest) -> None:
    deployment["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}


@pytest.mark.parametrize("mistake", [_without_selector, _text_for_a_number, _misspelt])
def test_the_schema_finds_a_mistake(mistake: Any) -> None:
    broken = copy.deepcopy(next(iter(manifests("Deployment"))))
    mistake(broken)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def test_every_setting_exists_and_every_command() -> None:
    known = {entry.variable for entry in Settings().entries()}
    (configuration,) = manifests("ConfigMap")
    given = set(configuration["data"]) | {each["name"] for c in containers() for each in c.get("env", [])}
    assert given - known == set()
    Settings.from_environment(configuration["data"])
    commands = {container["args"][0] for container in containers()}
    assert commands == {"api", "worker", "migrate", "health"}
    assert commands - set(main.commands) == set()


def test_every_pod_is_confined() -> None:
    """As the namespace demands: `pod-security.kubernetes.io/enforce: restricted`."""
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
    for container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]


def test_the_user_is_that_of_the_image() -> None:
    dockerfile = (FOLDER.parents[1] / "Dockerfile").read_text()
    for pod in pods():
        assert f"--uid {pod['securityContext']['runAsUser']}" in dockerfile


def test_a_pod_has_longer_to_end_than_the_process_in_it() -> None:
    (configuration,) = manifests("ConfigMap")
    seconds = Settings.from_environment(configuration["data"]).shutdown_seconds
    assert (
        min(pod["terminationGracePeriodSeconds"] for pod in pods() if "terminationGracePeriodSeconds" in pod)
        > seconds
    )


def test_secrets_come_from_a_secret_and_are_in_no_file() -> None:
    for container in containers():
        for variable in container["env"]:
            assert variable["valueFrom"]["secretKeyRef"]["name"] == "gradqueue-secrets"
    assert manifests("Secret") == []


def test_what_selects_pods_finds_some() -> None:
    templates = [m["spec"]["template"]["metadata"]["labels"] for m in manifests("Deployment", "Job")]
    selectors = [m["spec"]["selector"]["matchLabels"] for m in manifests("Deployment", "PodDisruptionBudget")]
    selectors += [m["spec"]["selector"] for m in manifests("Service")]
    selectors += [m["spec"]["podSelector"].get("matchLabels", {}) for m in manifests("NetworkPolicy")]
    for selector in selectors:
        assert any(selector.items() <= labels.items() for labels in templates), selector


def test_the_autoscaler_scales_the_workers_by_figures_that_exist() -> None:
    (scaled,) = manifests("ScaledObject")
    deployments = {each["metadata"]["name"]: each for each in manifests("Deployment")}
    assert "replicas" not in deployments[scaled["spec"]["scaleTargetRef"]["name"]]["spec"]
    figures = (FOLDER.parents[1] / "services" / "api" / "figures.py").read_text()
    for trigger in scaled["spec"]["triggers"]:
        query = trigger["metadata"]["query"]
        assert f'"{query.removeprefix("max(").split("{")[0].rstrip(")")}"' in figures


def test_new_pods_wait_for_the_migration() -> None:
    for deployment in manifests("Deployment"):
        (first, *_) = deployment["spec"]["template"]["spec"]["initContainers"]
        assert first["args"] == ["health", "database"]
