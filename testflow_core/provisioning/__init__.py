"""What every provisioner needs and none should write; plugins import its modules."""
