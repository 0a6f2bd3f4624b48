"""The stand-in cloud: the same OpenAPI on loopback, for the real SDKs."""
