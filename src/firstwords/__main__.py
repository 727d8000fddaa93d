"""`python -m firstwords`, and the command `firstwords`."""

import sys
import threading


def main() -> None:
    """Entry point: what takes longest begins before anything else is imported."""
    if sys.argv[1:2] == ["run"]:
        from firstwords.compute import early_server

        early_server.begin()
    from firstwords import cli
    from firstwords.compute import ranks

    try:
        cli.main()
    except SystemExit as ended:
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.current_thread():
                thread.join()
        # All work is done: taking the interpreter down would take another tenth of a second.
        ranks.end_at_once(ended.code)


if __name__ == "__main__":  # workers import this module too, and need nothing of the command line
    main()
