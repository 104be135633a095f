"""Environments as containers."""

from testflow_docker_env.provisioner import DockerProvisioner

__all__ = ["DockerProvisioner"]
