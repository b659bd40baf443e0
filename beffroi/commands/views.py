"""``beffroi views``: what readers see, now or at the end of a day that is over."""

import threading
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

if TYPE_CHECKING:
    from beffroi.settings import Settings
    from portal.queries import Query
    from portal.view import Row
    from schemas.archive import Said

#: A million rows are read in less; who waits longer waits for a broker that went away.
PATIENCE_S: Final = 60.0
#: What a table for people shows of each view.
_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "exits": ("area", "area_name", "trade", "trade_title", "window", "count", "as_of"),
    "sessions": ("session_id", "title", "commune_name", "trade_title", "ends_on", "leavers", "as_of"),
    "freshness": ("source", "data_as_of", "heard_at", "accepted", "refused"),
}

app = typer.Typer(help="Look at the views.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A family of commands, whatever their number."""


@app.command("show")
def show(
    name: Annotated[Literal["exits", "sessions", "freshness"], typer.Argument(metavar="NAME", help="Of the view.")],
    as_of: Annotated[str | None, typer.Option(help="What it said at the end of this day, as 2026-03-12.")] = None,
    area: Annotated[str | None, typer.Option(help="type:code, as arrondissement:627.")] = None,
    trade: Annotated[str | None, typer.Option(help="all, rome:N4101, rome-domain:N41, rome-family:N.")] = None,
    window: Annotated[str | None, typer.Option(help="P30D, P60D, P90D or a month as 2026-12.")] = None,
    form: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="For people, or programs.")
    ] = "table",
) -> None:
    """Print the rows of a view as readers get them: now, or --as-of a day that is over, from the archive.

    Exit code 64 when a filter makes no sense or nothing is held of that day, 69 when Kafka does not answer.
    """
    from beffroi import compose
    from beffroi.settings import load
    from portal.queries import Queries
    from schemas.territory.trades import Trades

    settings = load()
    queries = Queries(compose.territory(settings), Trades.load(settings.trade_table))
    given = {"area": area, "trade": trade, "window": window}
    query = queries.parse(name, {filter_: value for filter_, value in given.items() if value is not None})
    head, line, rows = _now(settings, query) if as_of is None else _then(settings, query, as_of)
    _print(query, head, line, rows, form)


#: What an answer says of itself, for programs and for people, and its rows by key.
_Found = tuple[dict[str, Any], str, "list[Row]"]


def _now(settings: "Settings", query: "Query") -> _Found:
    from beffroi import compose
    from portal.api.snapshots import select
    from portal.readmodel import ReadModel
    from schemas.clock import system_clock
    from schemas.errors import KafkaUnavailable

    model = ReadModel(compose.portal_settings(settings, compose.kafka(settings)), system_clock)
    model.start()
    try:
        if not _wait_for(lambda: model.caught_up):
            raise KafkaUnavailable(f"the views could not be read within {PATIENCE_S:.0f} s", fix="look at the broker")
        page = select(model, query)
    finally:
        model.stop()
    return {"position": page.position}, f"{query.view} now: {len(page.rows):,} rows", page.rows


def _wait_for(ready: Callable[[], bool]) -> bool:
    pause, deadline = threading.Event(), monotonic() + PATIENCE_S
    while not ready() and monotonic() < deadline:
        pause.wait(0.05)
    return ready()


def _then(settings: "Settings", query: "Query", day: str) -> _Found:
    from portal.api.past import head_of
    from portal.past import Past
    from schemas.clock import system_clock

    past = Past(settings.archive_folder, settings.topic_prefix, system_clock)
    said = past.find(query.view, day)
    rows = list(past.rows(said, query))
    return {"as_of": head_of(said)}, f"{query.view} {_span(said)}: {len(rows):,} rows", rows


def _span(said: "Said") -> str:
    from schemas.clock import PARIS

    since, until = (f"{moment.astimezone(PARIS):%Y-%m-%d %H:%M}" for moment in (said.held.since, said.until))
    span = f"what readers got from {since} to {until} in Paris"
    if said.exact:
        return f"as of {said.asked}, {span}"
    return f"as of {said.asked} was not kept; the last before it is {span}"


def _print(query: "Query", head: Mapping[str, Any], line: str, rows: "list[Row]", form: str) -> None:
    from portal.api.forms import to_csv, to_json

    if form == "json":
        typer.echo(to_json({"view": query.view, **head, "filters": dict(query.filters)}, rows))
        return
    typer.echo(line, err=form == "csv")
    if form == "csv":
        typer.echo(to_csv(query.view, rows, rfc4180=True), nl=False)
    else:
        for text in _table(query.view, rows):
            typer.echo(text)


def _table(view: str, rows: "list[Row]") -> Iterator[str]:
    """Aligned columns under their names."""
    table = [_SHOWN[view], *(tuple(_cell(row.data, name) for name in _SHOWN[view]) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_SHOWN[view]))]
    for line in table:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()


def _cell(data: Mapping[str, Any], name: str) -> str:
    if name in {"count", "leavers"}:
        count = data[name]
        return f"< {count['below']}" if count["value"] is None else str(count["value"])
    if name == "area":
        return f"{data['area']['type']}:{data['area']['code']}"
    value = data["area"]["name"] if name == "area_name" else data[name]
    return "" if value is None else str(value)
