"""Settings of every process, and where each value came from.

Precedence, highest first: environment (``BEFFROI_…``), the TOML file, the default. The file is the one that
``BEFFROI_CONFIG`` names, else ``beffroi.toml`` in the working directory, when it exists.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from connectors.kafka.settings import KafkaSettings
from schemas.errors import SettingsError
from schemas.topics import PARTITIONS

#: Value of ``kafka`` that stands for the broker Beffroi runs by itself.
EMBEDDED = "embedded"
ENV_PREFIX = "BEFFROI_"
#: One broker on a laptop: a few partitions start and restore faster than many.
EMBEDDED_PARTITIONS = 4
#: On a cluster each record lives on three brokers.
CLUSTER_REPLICATION = 3


def user_dir(kind: Literal["data", "cache"], environ: Mapping[str, str], platform: str, home: Path) -> Path:
    """The user's own folder for Beffroi.

    Args:
        kind: ``data`` is kept, ``cache`` can be downloaded again.
        environ: Environment variables (XDG base directory specification, 0.8).
        platform: As ``sys.platform`` says it.
        home: The user's home.
    """
    if platform == "darwin":
        return home / "Library" / ("Application Support" if kind == "data" else "Caches") / "beffroi"
    fallback = home / (".local/share" if kind == "data" else ".cache")
    return Path(environ.get(f"XDG_{kind.upper()}_HOME") or fallback) / "beffroi"


class Settings(BaseSettings):
    """What an operator may set; each field is ``BEFFROI_<NAME>`` in the environment and ``<name>`` in the file."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True)

    kafka: str = Field(EMBEDDED, description="'embedded', or the cluster's addresses host:port,host:port")
    kafka_port: int = Field(19092, ge=0, le=65535, description="port of the embedded broker; 0 takes a free one")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: str | None = None
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_ca_location: Path | None = None
    registry: str | None = Field(None, description="URL of a schema registry; left out, ids are the lock file's")
    registry_auth: SecretStr | None = Field(None, description="user:password of the registry")
    topic_prefix: str = Field("", description="put before each topic's name: several deployments on one cluster")
    partitions: int | None = Field(None, ge=1, description="of events, entities and cells; 24, embedded 4")
    replication: int | None = Field(None, ge=1, description="copies of each partition; 3, embedded 1")
    app_id: str = Field("beffroi", description="consumer group and prefix of transactional ids")
    instance_id: str | None = Field(None, description="static member name of this worker or relay, for fixed replicas")
    session_timeout_s: float = Field(10.0, ge=1, description="a worker that is silent for longer loses its partitions")
    flush_interval_s: float = Field(0.1, gt=0, description="between two transactions of a partition")
    audit_interval_s: float = Field(300.0, gt=0, description="between two comparisons of a worker's state with the log")
    stuck_after_s: float = Field(60.0, ge=1, description="a worker with input waiting and no progress ends itself")
    region: str = Field("32", description="INSEE code of the region this deployment serves")
    area_tables: tuple[Path, ...] = Field((), description="extra tables of areas (commune,type,code,name,vintage)")
    trade_table: Path | None = Field(None, description="correspondence of Formacodes (formacode,title,rome)")
    disclosure_base: int = Field(5, ge=1, description="counts of persons are rounded to a multiple of this")
    disclosure_threshold: int = Field(5, ge=1, description="a smaller count of persons is not published")
    sources_register: Path | None = Field(None, description="more sources: a file like schemas/registers/sources.toml")
    readers_register: Path | None = Field(None, description="subscribers: a file like schemas/registers/readers.toml")
    partners_register: Path | None = Field(
        None, description="partners who speak Kafka: a file like schemas/registers/partners.toml"
    )
    portal_host: str = "127.0.0.1"
    portal_port: int = Field(8080, ge=1, le=65535)
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(8090, ge=1, le=65535)
    gateway_max_bytes: int = Field(1 << 30, ge=1, description="largest body that the gateway takes, unpacked")
    gateway_per_minute: int = Field(600, ge=1, description="requests of one partner in a minute")
    gateway_burst: int = Field(60, ge=1, description="requests of one partner at once, when it was quiet before")
    gateway_body_timeout_s: float = Field(
        10.0, gt=0, description="a body that is silent for longer is given up, and a head that lasts longer"
    )
    gateway_issuer: str | None = Field(None, description="issuer of OAuth2 tokens; left out, none are taken")
    gateway_audience: str = Field("beffroi", description="audience that OAuth2 tokens must name")
    gateway_jwks_url: str | None = Field(None, description="where the issuer's keys are, https")
    worker_host: str = Field("127.0.0.1", description="where the worker answers /metrics and /health")
    worker_port: int = Field(9464, ge=0, le=65535, description="of /metrics and /health; 0 takes a free one")
    france_travail_url: str = Field("https://api.francetravail.io/partenaire", description="of France Travail's APIs")
    france_travail_token_url: str | None = Field(None, description="of its token service; left out, the documented one")
    france_travail_client_id: str | None = Field(None, description="of the application on francetravail.io")
    france_travail_client_secret: SecretStr | None = None
    data_inclusion_url: str = "https://api.data.inclusion.gouv.fr/api/v1"
    data_inclusion_token: SecretStr | None = Field(None, description="given by the team of data·inclusion")
    poll_rate: float | None = Field(
        None, gt=0, description="questions a second to a partner's API; 5 or 2 when left out"
    )
    poll_sources: tuple[str, ...] = Field((), description='what `beffroi up` polls each hour, as JSON: ["evenements"]')
    poll_host: str = Field("127.0.0.1", description="where a poller answers /metrics and /health")
    poll_port: int = Field(9465, ge=0, le=65535, description="of /metrics and /health; 0 takes a free one")
    inbox_dir: Path | None = Field(None, description="the folder that `beffroi up` takes files from; left out, none")
    inbox_settle_s: float = Field(10.0, ge=0, description="a file that did not grow for so long is taken to be whole")
    inbox_scan_s: float = Field(10.0, gt=0, description="between two looks where the system tells of no new files")
    inbox_keep_days: int = Field(
        90, ge=1, description="files that were taken are removed with their receipts after these"
    )
    sftp_known_hosts: Path = Field(
        default_factory=lambda: Path.home() / ".ssh" / "known_hosts", description="host keys of partners' servers"
    )
    sftp_key: Path | None = Field(None, description="our private key for partners' servers")
    sftp_password: SecretStr | None = None
    sftp_every_s: float = Field(60.0, gt=0, description="between two looks at a partner's server")
    inbox_host: str = Field("127.0.0.1", description="where the inbox answers /metrics and /health")
    inbox_port: int = Field(9466, ge=0, le=65535, description="of /metrics and /health; 0 takes a free one")
    watch_host: str = Field("127.0.0.1", description="where the watch answers /metrics and /health")
    watch_port: int = Field(9467, ge=0, le=65535, description="of /metrics and /health; 0 takes a free one")
    relay_host: str = Field("127.0.0.1", description="where the relay answers /metrics and /health")
    relay_port: int = Field(9468, ge=0, le=65535, description="of /metrics and /health; 0 takes a free one")
    theme_css: Path | None = Field(None, description="the operator's own style sheet for the portal")
    data_dir: Path = Field(default_factory=lambda: user_dir("data", os.environ, sys.platform, Path.home()))
    cache_dir: Path = Field(default_factory=lambda: user_dir("cache", os.environ, sys.platform, Path.home()))
    archive_dir: Path | None = Field(
        None, description="what views said at the end of each day; in data_dir if left out"
    )
    archive_days: int = Field(1_096, ge=1, description="days of that archive that are kept; three years")
    quarantine_keys: Path | None = Field(None, description="keys of the sealed quarantine; in data_dir when left out")
    pseudonym_key: Path | None = Field(None, description="key file of the pseudonyms; in data_dir when left out")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "json", "console"] = "auto"

    @field_validator("kafka")
    @classmethod
    def _addresses(cls, value: str) -> str:
        parts = [] if value == EMBEDDED else value.split(",")
        if not all(part.rpartition(":")[0] and part.rpartition(":")[2].isdigit() for part in parts):
            raise ValueError("must be 'embedded' or host:port,host:port")
        return value

    @property
    def embedded(self) -> bool:
        """Whether Beffroi runs the broker by itself."""
        return self.kafka == EMBEDDED

    @property
    def partition_count(self) -> int:
        """Partitions of events, entities and cells."""
        return self.partitions or (EMBEDDED_PARTITIONS if self.embedded else PARTITIONS)

    @property
    def replication_factor(self) -> int:
        """Copies of each partition."""
        return self.replication or (1 if self.embedded else CLUSTER_REPLICATION)

    @property
    def key_file(self) -> Path:
        """Where the pseudonyms' key lies."""
        return self.pseudonym_key or self.data_dir / "pseudonym.key"

    @property
    def quarantine_key_file(self) -> Path:
        """Where the keys of the sealed quarantine lie."""
        return self.quarantine_keys or self.data_dir / "quarantine.keys"

    @property
    def archive_folder(self) -> Path:
        """Where the archive of the views lies."""
        return self.archive_dir or self.data_dir / "archive"

    def kafka_settings(self, bootstrap: str) -> KafkaSettings:
        """How to reach the cluster at an address."""
        return KafkaSettings(
            bootstrap=bootstrap,
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=self.kafka_sasl_password,
            ssl_ca_location=self.kafka_ssl_ca_location,
            registry=self.registry,
            registry_auth=self.registry_auth,
            registry_cache=self.cache_dir / "registry" if self.registry else None,
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic-settings calls it with these names
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file(os.environ))


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting as ``beffroi config show`` prints it: secrets show as stars."""

    name: str
    value: str
    origin: str


def config_file(environ: Mapping[str, str]) -> Path:
    """The TOML file that applies; it need not exist."""
    return Path(environ.get(f"{ENV_PREFIX}CONFIG") or "beffroi.toml")


def load(**overrides: Any) -> Settings:  # noqa: ANN401  # any field of Settings
    """The settings of this process.

    Raises:
        SettingsError: The file is broken, or a value makes no sense; names the setting.
    """
    path = config_file(os.environ)
    if os.environ.get(f"{ENV_PREFIX}CONFIG") and not path.is_file():
        raise SettingsError(f"{ENV_PREFIX}CONFIG names {path}, which is not a file", fix="correct it or unset it")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise _explain(error) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}", fix="correct that line") from None


def _explain(error: ValidationError) -> SettingsError:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "?"
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(Settings.model_fields))
        return SettingsError(f"there is no setting {name}", fix=f"known settings: {known}")
    return SettingsError(
        f"setting {name} makes no sense: {first['msg'].lower()}",
        fix=f"correct {ENV_PREFIX}{name.upper()} or {name} in {config_file(os.environ)}",
    )


def origins(settings: Settings, environ: Mapping[str, str]) -> list[Origin]:
    """Each setting with its value and where it came from, by name."""
    path = config_file(environ)
    in_file = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    return [
        Origin(name, str(getattr(settings, name)), _origin(name, environ, in_file, path))
        for name in sorted(Settings.model_fields)
    ]


def _origin(name: str, environ: Mapping[str, str], in_file: Mapping[str, Any], path: Path) -> str:
    variable = f"{ENV_PREFIX}{name.upper()}"
    if variable in environ:
        return f"environment {variable}"
    return f"file {path}" if name in in_file else "default"
