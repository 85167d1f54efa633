"""Write the committed dashboards anew; a file no dashboard stands for is removed."""

from dashboards.catalog import FOLDER, files


def main() -> None:
    """Leave exactly the catalogue in the folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
