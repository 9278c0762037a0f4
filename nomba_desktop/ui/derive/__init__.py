"""What the widgets show, computed from the state: pure functions and frozen props, no Qt."""
