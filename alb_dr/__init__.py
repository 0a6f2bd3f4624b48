"""Zone-disaster recovery with ACK One ALB multi-cluster gateways: set up, prove, rehearse."""

__version__ = "0.1.0"
