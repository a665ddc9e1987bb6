"""Who a device is, and where it keeps that."""
