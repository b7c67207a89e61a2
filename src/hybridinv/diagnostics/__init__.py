"""Measurements over time: what the diagnostics extension left in a storage account, days, and load."""
