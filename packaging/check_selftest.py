"""Says whether a self-test's JSON is that of a frozen program with everything ok: `check_selftest.py FILE PLATFORM`."""

import json
import sys
from pathlib import Path

NAMES = [
    "qt", "window", "resources", "event-loop", "keyring", "database", "lock", "trust", "round-trip", "clean-exit",
]  # fmt: skip


def main(file: Path, screen: str) -> None:
    result = json.loads(file.read_text("utf-8"))
    checks = {check["name"]: check for check in result["checks"]}
    for check in checks.values():
        print(f"  {'ok' if check['ok'] else 'NOT OK':7}{check['name']:12}{check['seconds']:6.2f} s  "
              f"{check['problem'] or json.dumps(check['facts'])}")  # fmt: skip
    wrong = [f"{name}: {check['problem']}" for name, check in checks.items() if not check["ok"]]
    if list(checks) != NAMES:
        wrong.append(f"the checks are {', '.join(checks)}")
    if not (result["schema"] == 1 and result["ok"] is True and result["frozen"] is True):
        wrong.append("schema, ok or frozen is not as it should be")
    if checks.get("qt", {}).get("facts", {}).get("platform") != screen:
        wrong.append(f"Qt did not paint on {screen}")
    if checks.get("keyring", {}).get("facts", {}).get("backend") != "Secret Service":
        wrong.append("the keyring was not a real Secret Service")
    if result["noise"]:
        wrong.append(f"noise: {'; '.join(result['noise'])}")
    if wrong:
        sys.exit("\n".join(["check_selftest:", *wrong]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
