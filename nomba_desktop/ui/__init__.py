"""The rooms people see: Qt lives here and in the app package only."""
