"""What a drill, a shift, an emergency or another operation is called."""

import secrets


def new_operation_id() -> str:
    """Eight hex digits: in the Fleet's record, the ledger and the name of the run."""
    return secrets.token_hex(4)
