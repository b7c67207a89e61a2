"""Readers: bytes → plain values → records. Pure; no SDK and no HTTP library in here."""
