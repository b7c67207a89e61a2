"""The one wire, httpx: client, TLS, patience, ARM, the bridges for the vendors' SDKs, tapes."""
