"""Environments as local processes."""

from testflow_process_env.provisioner import ProcessProvisioner

__all__ = ["ProcessProvisioner"]
