"""The command seg-train, under a name of its own: `python -m seg_train` is the same. seg_prep.py says why."""

from seg_prep import take_own_packages


def main() -> None:
    """Run seg-train."""
    take_own_packages()
    from prep.cli.stopping import heard_once
    from train.cli.main import main as command

    with heard_once():
        command(prog_name="seg-train")


if __name__ == "__main__":
    main()
