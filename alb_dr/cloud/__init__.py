"""The cloud's own APIs through its official SDKs: read only, optional, loaded on first use."""
