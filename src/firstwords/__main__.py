"""`python -m firstwords`."""

if __name__ == "__main__":  # workers import this module too, and need nothing of the command line
    from firstwords.cli import main

    main()
