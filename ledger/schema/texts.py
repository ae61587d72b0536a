"""The texts of the views as they ship; SQLModel and its models are needed only when these change."""

from importlib.resources import files


def views_text(database: str) -> str:
    """The statements that make the views of ``views.py``; ``database``: sqlite or postgres."""
    return files("ledger").joinpath(f"schema/views_{database}.sql").read_text(encoding="utf-8")
