"""Fuzz targets: any bytes, one kind of refusal."""
