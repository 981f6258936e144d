"""Checks rendered manifests against Kubernetes' schemas, strictly, and says for which there are none.

Usage: manifests.py RENDERED KUBERNETES_VALIDATE
"""

import subprocess
import sys

import yaml

# Of the Prometheus operator: their schemas come with it, not with Kubernetes.
WITHOUT_SCHEMA = {
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
}


def main(rendered, validator):
    with open(rendered, encoding="utf-8") as file:
        manifests = [manifest for manifest in yaml.safe_load_all(file) if manifest]
    known = [manifest for manifest in manifests if kind(manifest) not in WITHOUT_SCHEMA]
    for manifest in manifests:
        if manifest not in known:
            name = manifest["metadata"]["name"]
            print(f"{rendered}: no schema to validate {manifest['kind']}/{name} by")
    with open(rendered + ".known", "w", encoding="utf-8") as file:
        yaml.safe_dump_all(known, file)
    run = subprocess.run(
        [validator, "--strict", file.name], capture_output=True, text=True, check=False
    )
    # Of a kind that is not known it only warns.
    passed = run.stdout.count(" passed for resource ") + run.stderr.count(" passed for resource ")
    if run.returncode != 0 or passed != len(known):
        print(run.stdout + run.stderr)
        sys.exit(f"{rendered}: {passed} of {len(known)} manifests are valid")
    print(f"{rendered}: {passed} manifests are valid")


def kind(manifest):
    return (manifest["apiVersion"], manifest["kind"])


if __name__ == "__main__":
    main(*sys.argv[1:])
