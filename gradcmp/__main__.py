"""The program: `python -m gradcmp`, and what the script `gradcmp` calls."""


def start() -> None:
    """Run the command line and exit with a code of the table in the README; 130 where the imports are interrupted."""
    try:
        from gradcmp.cli.main import main

        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    start()
