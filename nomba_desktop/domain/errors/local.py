"""Errors of this computer: keyring, store, files, forms."""

from __future__ import annotations

from nomba_desktop.domain.errors.base import Action, NombaDesktopError


class KeyringError(NombaDesktopError):
    """The OS keyring did not do it."""

    reference = "ND-300"
    title = "The keyring did not answer"
    action = Action.UNLOCK_KEYRING
    permanent = False


class KeyringLocked(KeyringError):
    """The collection is locked and was not unlocked."""

    reference = "ND-301"
    title = "The keyring is locked"
    hint = (
        "Unlock it: signing in, refreshing and revealing wait for it. Tokens at hand go on until they expire."
    )


class KeyringDenied(KeyringError):
    """The person or the system said no."""

    reference = "ND-302"
    title = "The keyring refused access"
    hint = "Allow Nomba Desktop when the system asks, then try again."


class KeyringAbsent(KeyringError):
    """No keyring service on this computer."""

    reference = "ND-303"
    title = "This computer has no keyring"
    hint = "Install or start one (on Linux gnome-keyring or KWallet), or work in memory only for this run."
    action = Action.MEMORY_ONLY


class KeyringHung(KeyringError):
    """No answer before the deadline."""

    reference = "ND-304"
    title = "The keyring does not answer"
    hint = "An unlock window may be open behind another one. Answer it, or try again."


class SecretMissing(KeyringError):
    """The keyring has no entry for this key."""

    reference = "ND-305"
    title = "The secret is not in the keyring"
    hint = "Enter the client secret again (Settings tab of the key)."
    action = Action.EDIT_KEY
    permanent = True


class SecretBoundElsewhere(KeyringError):
    """The keyring entry names another host, client id or account id than the database: nothing is sent."""

    reference = "ND-306"
    title = "The stored secret belongs to another place"
    hint = "The inventory was changed outside this app. Nothing was sent. Enter the secret again to bind it."
    action = Action.EDIT_KEY
    permanent = True


class SecretTooLong(KeyringError):
    """More than the smallest keyring holds in one entry."""

    reference = "ND-307"
    title = "The secret is too long for a keyring"
    hint = "Copy the client secret alone; it usually has 88 characters."
    action = Action.EDIT_KEY
    permanent = True


class StoreError(NombaDesktopError):
    """The local database did not do it."""

    reference = "ND-320"
    title = "The local store could not be used"
    permanent = False


class StoreUnavailable(StoreError):
    """Disk full, read-only directory, file locked: nothing was written."""

    reference = "ND-321"
    title = "The local store can't be written"
    hint = "Free some disk space or make the data directory writable, then try again. Nothing was lost."
    action = Action.RETRY


class StoreCorrupt(StoreError):
    """The database file is damaged. It is set aside, never deleted."""

    reference = "ND-322"
    title = "The local store was damaged"
    hint = "The damaged file was set aside and the last good copy is used. Check the keys of the last day."


class SealBroken(StoreError):
    """A sealed record does not open: altered, moved, or sealed under another key."""

    reference = "ND-323"
    title = "A stored session can't be opened"
    hint = "It was changed outside this app or belongs to another keyring. Sign in again."
    action = Action.SIGN_IN
    permanent = True


class ActivityLogBroken(NombaDesktopError):
    """The activity log is not as it was written; what was found is in the sentence."""

    reference = "ND-340"
    title = "The activity log was changed outside this app"
    hint = (
        "Keep a copy of the data directory before anything else. "
        "A restored backup of the database looks like this too."
    )
    permanent = True


class SettingsInvalid(NombaDesktopError):
    """The settings file can't be used as it stands."""

    reference = "ND-330"
    title = "The settings file has a mistake"
    hint = "Correct the line named below; until then the defaults apply and the file stays as it is."
    action = Action.OPEN_SETTINGS


class DraftRejected(NombaDesktopError):
    """A form still has remarks that block."""

    reference = "ND-400"
    title = "Some fields need attention"
    hint = "Each has its sentence beside it."


class UnknownKey(NombaDesktopError):
    """No key has that id or name."""

    reference = "ND-401"
    title = "There is no such key"
    hint = "List the keys and use a name or the start of a client ID."


class NotAToken(NombaDesktopError):
    """The text is no JWT."""

    reference = "ND-410"
    title = "This is no access token"
    hint = "An access token has three parts with dots between. Paste it whole."


class Unexpected(NombaDesktopError):
    """A defect. The report is redacted."""

    reference = "ND-999"
    title = "The app made a mistake"
    hint = "Nothing was sent because of it. Copy the details and report them."
