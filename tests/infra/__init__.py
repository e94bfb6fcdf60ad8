"""What the Pulumi program registers, stack by stack."""
