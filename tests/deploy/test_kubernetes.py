"""The manifests against the Kubernetes schemas, and what no schema can say."""

import base64
import copy
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
KEY = base64.b64encode(bytes(range(32))).decode()
SECRETS = "/run/mcpgw-secrets"

Manifest = dict[str, Any]


def manifests(name: str) -> list[Manifest]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def manifest(kind: str, name: str) -> Manifest:
    found = [
        m for m in manifests("sidecar.yaml") if (m["kind"], m["metadata"]["name"]) == (kind, name)
    ]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def pod() -> Manifest:
    template: Manifest = manifest("Deployment", "mcp-files")["spec"]["template"]
    return template


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod["spec"]["initContainers"], *pod["spec"]["containers"]]


def load_from_config_map(folder: Path, key: str) -> Config:
    text = manifest("ConfigMap", "mcp-files-gateway")["data"]["config.yaml"]
    (folder / "sealing-key").write_text(key, encoding="utf-8")
    path = folder / "config.yaml"
    path.write_text(text.replace(SECRETS, str(folder)), encoding="utf-8")
    return load_config(path, {})


@pytest.mark.parametrize("version", ["1.30", "1.34", "1.37"])
def test_manifests_fit_the_schemas_strictly(version: str) -> None:
    for one in manifests("sidecar.yaml"):
        kubernetes_validate.validate(one, version, strict=True)


def test_strict_validation_finds_a_misspelt_key(pod: Manifest) -> None:
    broken = copy.deepcopy(manifest("Deployment", "mcp-files"))
    broken["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.37", strict=True)


def test_configuration_in_the_manifest_loads(tmp_path: Path) -> None:
    config = load_from_config_map(tmp_path, KEY)

    assert config.listen.port == 8080
    assert config.admin.listen.port == 9090
    assert config.servers["files"].upstream.url == "http://127.0.0.1:9000/mcp"
    assert str(config.state_dir) == "/var/lib/mcpgw/state"


def test_empty_key_of_the_manifest_does_not_start(tmp_path: Path) -> None:
    """No two installations may share a key, so the manifest brings none."""
    empty = manifest("Secret", "mcp-files-gateway")["stringData"]["sealing-key"]

    with pytest.raises(ConfigError, match="sealing_key"):
        load_from_config_map(tmp_path, empty)


def test_server_listens_on_loopback_where_the_gateway_looks_for_it(
    pod: Manifest, tmp_path: Path
) -> None:
    (server,) = pod["spec"]["containers"]

    assert server["args"] == ["--host", "127.0.0.1", "--port", "9000"]
    assert "ports" not in server
    url = load_from_config_map(tmp_path, KEY).servers["files"].upstream.url
    assert url.startswith("http://127.0.0.1:9000/")


def test_every_container_is_restricted(pod: Manifest) -> None:
    """Kubernetes, Pod Security Standards, restricted."""
    spec = pod["spec"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 65532
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in containers(pod):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]


def test_probes_are_on_the_admin_port_and_only_readiness_waits_for_others(pod: Manifest) -> None:
    """A native sidecar that waited for the server would wait for ever: it starts first."""
    (gateway,) = pod["spec"]["initContainers"]

    assert gateway["restartPolicy"] == "Always"
    paths = {
        probe: gateway[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert set(paths.values()) == {"/livez", "/readyz"}
    assert paths["readinessProbe"] == "/readyz"
    assert {gateway[probe]["httpGet"]["port"] for probe in paths} == {"admin"}


def test_pod_is_given_more_time_than_pause_delay_and_drain(pod: Manifest, tmp_path: Path) -> None:
    (server,) = pod["spec"]["containers"]
    shutdown = load_from_config_map(tmp_path, KEY).shutdown
    pause = server["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert pod["spec"]["terminationGracePeriodSeconds"] > pause + shutdown.delay + shutdown.drain


def test_annotations_name_the_admin_port(pod: Manifest) -> None:
    annotations = pod["metadata"]["annotations"]

    assert annotations["prometheus.io/scrape"] == "true"
    assert annotations["prometheus.io/port"] == "9090"
    assert annotations["prometheus.io/path"] == "/metrics"


@pytest.mark.requirement("O3")
def test_admin_port_is_neither_in_the_public_service_nor_open_to_all() -> None:
    service = manifest("Service", "mcp-files")
    rules = manifest("NetworkPolicy", "mcp-files")["spec"]["ingress"]

    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["mcp"]
    for rule in rules:
        ports = {port["port"] for port in rule["ports"]}
        assert ports == {"mcp"} or (ports == {"admin"} and rule["from"])


def test_service_monitor_selects_the_admin_service() -> None:
    """Its kind is a custom resource, for which kubernetes-validate has no schema."""
    (monitor,) = manifests("servicemonitor.yaml")
    service = manifest("Service", "mcp-files-admin")
    (endpoint,) = monitor["spec"]["endpoints"]

    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        kubernetes_validate.validate(monitor, "1.37", strict=True)
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert set(monitor["spec"]) == {"selector", "endpoints"}
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= service["metadata"]["labels"].items()
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] == "/metrics"
