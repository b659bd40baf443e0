"""What the portal must know."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from connectors.kafka.settings import KafkaSettings


class PortalSettings(BaseModel):
    """Settings of the portal.

    Attributes:
        kafka: The cluster.
        prefix: Put before each topic's name.
        host: Where it listens.
        port: Where it listens.
        region: INSEE code of the region.
        area_tables: Extra tables of areas.
        trade_table: The operator's correspondence of Formacodes.
        archive_dir: Where the release keeps what the views said at the end of each day; None has no past.
        sources_register: The operator's own register of sources.
        theme_css: The operator's own style sheet, after ours.
        changes_held: Changes of each view that are held for subscribers who come back.
        queue: Changes that wait for one subscriber; a slower one starts again.
    """

    model_config = ConfigDict(frozen=True)

    kafka: KafkaSettings
    prefix: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    region: str = "32"
    area_tables: tuple[Path, ...] = ()
    trade_table: Path | None = None
    sources_register: Path | None = None
    theme_css: Path | None = None
    archive_dir: Path | None = None
    changes_held: int = Field(200_000, ge=1)
    queue: int = Field(10_000, ge=1)
