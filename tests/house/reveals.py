"""Where a secret may be taken out of its `Secret`: file -> number of `.reveal()` calls.

A new entry is a decision about security: say beside it why the plain value is needed there.
"""

REVEALS: dict[str, int] = {
    "nomba_desktop/adapters/aesgcm_sealing.py": 1,  # keyed fingerprint for logs
    "nomba_desktop/adapters/masking.py": 1,  # masking it where the server's words repeat it
    "nomba_desktop/adapters/nomba_wire.py": 4,  # bodies of issue, refresh and revoke; the bearer header
    "nomba_desktop/adapters/record_codec.py": 1,  # tokens into bytes that are sealed at once
    "nomba_desktop/adapters/redis_team.py": 1,  # the team server's password, when a connection logs in
    "nomba_desktop/adapters/vault_entries.py": 1,  # the keyring entry
    "nomba_desktop/cli/handover.py": 1,  # a token to standard output or a child, when asked
    "nomba_desktop/domain/secret.py": 2,  # the masked form that is shown; whether white space is in it
    "nomba_desktop/domain/tokens.py": 2,  # reading a token's claims; telling a refresh token by its shape
    "nomba_desktop/ui/platform/clipboard.py": 1,  # copying is what the person asked for
    "nomba_desktop/ui/token_panel.py": 1,  # painted for half a minute, when asked
    "nomba_desktop/ui/dialogs/secret_field.py": 2,  # painted while shown; put into the form by *Paste all*
}
