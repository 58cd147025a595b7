"""`python -m gateway` is `mcpgw`."""

from gateway.cli.main import main

if __name__ == "__main__":
    main()
