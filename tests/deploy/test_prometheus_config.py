"""The example scrape configurations, read by the program that they are for."""

import subprocess
from pathlib import Path

from tests.support.programs import required_program

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"


def check_config(path: Path) -> str:
    promtool = required_program("promtool", "Debian package prometheus")
    done = subprocess.run(  # noqa: S603  # a program of Debian's, found by its name
        [promtool, "check", "config", str(path)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout + done.stderr


def test_configuration_for_one_gateway_is_valid() -> None:
    assert "SUCCESS" in check_config(FOLDER / "prometheus.yml")


def test_configuration_for_pods_is_valid(tmp_path: Path) -> None:
    """Debian builds Prometheus without Kubernetes discovery: fixed targets stand in for it."""
    text = (FOLDER / "kubernetes-pods.yml").read_text(encoding="utf-8")
    discovery = "    kubernetes_sd_configs:\n      - role: pod\n"
    assert discovery in text
    path = tmp_path / "prometheus.yml"
    path.write_text(text.replace(discovery, "    static_configs: [{targets: [a]}]\n"), "utf-8")

    assert "SUCCESS" in check_config(path)
