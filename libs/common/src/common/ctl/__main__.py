"""``python -m common.ctl`` is ``pipelinectl``."""

from common.ctl.main import main

if __name__ == "__main__":
    main()
