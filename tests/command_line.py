"""Folders that the command line works in: what is put there, and what it leaves behind."""

from pathlib import Path


def left(folder: Path) -> list[str]:
    """Files in a folder, hidden and half-written ones included."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
