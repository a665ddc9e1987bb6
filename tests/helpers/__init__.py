"""What tests share: disks that fail, machines that stop."""
