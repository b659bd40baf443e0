"""What a worker must know."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from connectors.kafka.settings import KafkaSettings
from schemas.topics import CELLS, of_generation


class StreamSettings(BaseModel):
    """Settings of a worker.

    Attributes:
        kafka: The cluster.
        prefix: Put before each topic's name.
        app_id: Consumer group, and prefix of transactional ids.
        region: INSEE code of the region.
        area_tables: Extra tables of areas.
        trade_table: The operator's correspondence of Formacodes.
        sources: Sources in the order in which they are believed.
        flush_interval_s: Seconds between two transactions of a partition.
        publish_interval_s: Seconds between two publications of the release.
        audit_interval_s: Seconds between two comparisons of the state with the log.
        stuck_after_s: A worker with input waiting that makes no progress for longer ends itself.
        session_timeout_s: A worker that is silent for longer loses its partitions.
        instance_id: Static member name, for fixed replicas.
        disclosure_base: Counts of persons are rounded to a multiple of it.
        disclosure_threshold: Smaller counts are not published.
        horizon_days: Sessions that end or start later than this are not released yet.
        data_dir: Where Faust keeps its files, one folder a process.
        publish_rows: Rows of one transaction of the release.
        archive_dir: Where the release keeps what the views said at the end of each day; None keeps nothing.
        archive_days: How many days are kept.
        generation: Of the derived state, which names its topics; read from the cluster when a worker starts.
    """

    model_config = ConfigDict(frozen=True)

    kafka: KafkaSettings
    prefix: str = ""
    app_id: str = "beffroi"
    region: str = "32"
    area_tables: tuple[Path, ...] = ()
    trade_table: Path | None = None
    sources: tuple[str, ...] = ("kairos",)
    flush_interval_s: float = Field(0.1, gt=0)
    publish_interval_s: float = Field(0.05, gt=0)
    audit_interval_s: float = Field(300.0, gt=0)
    stuck_after_s: float = Field(60.0, ge=1)
    session_timeout_s: float = Field(10.0, ge=1)
    instance_id: str | None = None
    disclosure_base: int = Field(5, ge=1)
    disclosure_threshold: int = Field(5, ge=1)
    horizon_days: int = Field(180, ge=1)
    data_dir: Path
    publish_rows: int = Field(20_000, ge=1)
    archive_dir: Path | None = None
    archive_days: int = Field(1_096, ge=1)
    generation: int = Field(0, ge=0)

    @property
    def cells(self) -> str:
        """Topic of the partial counts."""
        return self.prefix + of_generation(CELLS, self.generation)

    def entities(self, domain: str) -> str:
        """Topic of a domain's winning events and checkpoints."""
        return self.prefix + of_generation(f"{domain}.entities.v1", self.generation)

    def writer(self, domain: str, number: int) -> str:
        """Transactional id of whoever owns a source partition: generations never fence each other."""
        generation = f"-g{self.generation}" if self.generation else ""
        return f"{self.app_id}-{self.prefix}{domain}-{number}{generation}"
