"""From a key to where its calls go."""

from __future__ import annotations

from collections.abc import Callable

from nomba_desktop.domain.errors import SecretBoundElsewhere
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.services.ports import Target
from nomba_desktop.services.state import State

Targets = Callable[[ApiKey], Target]


def targets_of(state: State) -> Targets:
    """Look the key's environment up in the snapshot. A key whose host is not its environment's goes nowhere."""

    def target(key: ApiKey) -> Target:
        environment = state.snapshot.environments.get(key.environment_id)
        if environment is None or environment.host != key.host:
            now = environment.host if environment else "unknown"
            raise SecretBoundElsewhere(
                f"“{key.name}” was added for {key.host}, but its environment is now {now}. Nothing was sent."
            )
        return Target(environment, key.account_id, key.client_id)

    return target
