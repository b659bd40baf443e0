"""Everything that can go wrong, as one tree.

A test rebuilds this drawing from the classes of every room::

    BeffroiError
     ├── ContractError              a record does not fit its contract
     │    ├── UnknownSchema         the id in its header is not known (retriable)
     │    ├── WrongSchema           a known id stands for another schema now
     │    └── BadWireFormat         the bytes are not in Confluent's wire format
     ├── CannotApply                a well-formed record that our own code fails on
     ├── FileRefused                a partner's file cannot be taken at all
     │    └── FileHeld              it could, but a human must look first
     ├── QuarantineError            a record that was set aside cannot be found, opened or mended
     ├── RegistryUnavailable        the schema registry does not answer (retriable)
     ├── SourceUnavailable          a partner's API does not answer (retriable)
     ├── SourceRefused              a partner's API refuses who we are
     ├── SourceChanged              a partner's API is gone, or answers otherwise than documented
     ├── KafkaUnavailable           the broker does not answer (retriable)
     ├── EmbeddedKafkaError         the laptop's own broker cannot run
     ├── TopicPlanRefused           a topic cannot become what the catalogue wants
     ├── SettingsError              a setting is missing or makes no sense
     ├── TerritoryError             a table of areas or trades is unusable
     ├── ArchiveError               a day of the archive cannot be read or written
     ├── FencedError                another process took over our work
     ├── FutureGeneration           derived state is of a time to come: a newer version's, or events that are gone
     ├── GenerationMoved            the state was rebuilt: ours is no longer in force (retriable)
     ├── RebuildRefused             a rebuild cannot begin, or was overtaken by another
     ├── PositionLost               a subscriber's position can no longer be resumed
     └── QueryError                 a reader asked for what does not exist

Every message is a sentence in lower case without full stop: what happened and where, never a personal value.
``fix`` says what to do next; command lines print it on its own line, HTTP answers carry it in ``detail``.
"""


class BeffroiError(Exception):
    """Root of the tree.

    Args:
        message: What happened and where; the value's shape, never a personal value.
        fix: What the reader of the message can do about it.
    """

    #: Would the same call have a chance a moment later?
    retriable: bool = False
    #: Exit code of a command that ends with this error (sysexits.h).
    exit_code: int = 70

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}" if self.fix else self.message


class ContractError(BeffroiError):
    """A record does not fit its contract."""

    exit_code = 65


class UnknownSchema(ContractError):
    """The id in the record's header is known neither to the lock file nor to the registry."""

    retriable = True


class WrongSchema(ContractError):
    """A schema registry holds another schema under an id that is already known: its records would be misread."""

    exit_code = 78


class BadWireFormat(ContractError):
    """The bytes do not begin with 0x00 and a 4-byte schema id, or end too early."""


class CannotApply(BeffroiError):
    """A sound record could not be merged or counted: a defect of ours. It is set aside, the others go on."""


class FileRefused(BeffroiError):
    """A partner's file is broken as a whole: nothing of it was taken."""

    exit_code = 65


class FileHeld(FileRefused):
    """The file is sound but surprising (a snapshot that lost too many rows): a human must confirm it."""

    exit_code = 5


class QuarantineError(BeffroiError):
    """A record that was set aside is not there, was not kept, or cannot be opened or mended as it was asked."""

    exit_code = 65


class RegistryUnavailable(BeffroiError):
    """The schema registry does not answer."""

    retriable = True
    exit_code = 69


class SourceUnavailable(BeffroiError):
    """A partner's API does not answer, or asks to wait for longer than a poll does."""

    retriable = True
    exit_code = 69


class SourceRefused(BeffroiError):
    """A partner's API refuses our credentials, or grants no right to what is asked."""

    exit_code = 77


class SourceChanged(BeffroiError):
    """A partner's API is no longer where it was, or its answers are not what its documentation says."""

    exit_code = 76


class KafkaUnavailable(BeffroiError):
    """No broker answers at the configured address."""

    retriable = True
    exit_code = 69


class EmbeddedKafkaError(BeffroiError):
    """The embedded broker cannot be installed, started or stopped."""

    exit_code = 69


class TopicPlanRefused(BeffroiError):
    """A topic differs from the catalogue in a way that cannot be changed in place."""

    exit_code = 78


class SettingsError(BeffroiError):
    """A setting is missing, unknown or out of its range."""

    exit_code = 78


class TerritoryError(BeffroiError):
    """A table of areas or trades cannot be read, or a reference to one makes no sense."""

    exit_code = 65


class ArchiveError(BeffroiError):
    """A day cannot be archived, or the file of an archived day is broken or out of reach."""

    exit_code = 65


class FencedError(BeffroiError):
    """Another process holds our transactional id: what we hold is stale and must be rebuilt."""


class FutureGeneration(BeffroiError):
    """The derived state was laid out by a newer version, or covers events that the source does not hold."""

    exit_code = 78


class GenerationMoved(BeffroiError):
    """A rebuild put another generation of the state in force: what we hold is no longer read by anybody."""

    retriable = True


class RebuildRefused(BeffroiError):
    """Another rebuild is under way, or the last one is not finished."""

    exit_code = 75


class PositionLost(BeffroiError):
    """The position belongs to another epoch of the view, or its changes are no longer held."""


class QueryError(BeffroiError):
    """A filter names an area, trade, window or view that does not exist."""

    exit_code = 64
