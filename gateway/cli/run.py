"""`mcpgw run`: start the gateway and keep it running until it is told to stop."""

import asyncio
import errno
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from gateway.config.dump import dump_config
from gateway.config.load import config_from_flags, load_config
from gateway.config.model import Config
from gateway.config.reading.complete import public_url
from gateway.config.reading.shortform import LOCAL
from gateway.config.scalars import parse_host_port

EXIT_FAILED = 1
_ALONE = frozenset({"upstream", "issuer", "public_url"})


@click.command(name="run")
@click.option(
    "--config", "path", type=click.Path(path_type=Path), help="Configuration file [config.yaml]."
)
@click.option("--upstream", help="URL of the MCP server to stand in front of.")
@click.option("--issuer", help="Issuer whose tokens are accepted, or `local`.")
@click.option("--public-url", help="What clients type, without the path.")
@click.option(
    "--allow",
    help="Who gets in: `any` for everybody with a token of the issuer, or such as"
    " `{groups: [engineering]}`. Needed with flags alone, unless the issuer is local.",
)
@click.option("--listen", help="host:port of the public listener.")
@click.option("--admin-listen", help="host:port of health and metrics.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--print-config", is_flag=True, help="Print the equal YAML and exit.")
def command(  # noqa: PLR0913, PLR0917  # one parameter per flag is how click works
    path: Path | None,
    upstream: str | None,
    issuer: str | None,
    public_url: str | None,
    allow: str | None,
    listen: str | None,
    admin_listen: str | None,
    log_level: str | None,
    print_config: bool,
) -> None:
    """Run the gateway from a configuration file, or from flags alone.

    From flags alone: all of --upstream, --issuer and --public-url, and --allow unless the issuer
    is local. --print-config shows the file that says the same.
    """
    # Whoever tells of a rotated log does not know that the gateway only starts; by default it ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    flags = {"upstream": upstream, "issuer": issuer, "public_url": public_url, "allow": allow}
    config = _configuration(path, {name: each for name, each in flags.items() if each is not None})
    config = _with_flags(config, listen, admin_listen, log_level)
    if print_config:
        click.echo(dump_config(config), nl=False)
        return
    sys.exit(run(config, _source(path, upstream)))


def run(config: Config, source: str = "") -> int:
    """Serve until SIGTERM or SIGINT; a second signal ends at once. Returns the exit code."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(_until_told(config, source))
        except OSError as failure:
            click.echo(f"mcpgw: {_advice(failure)}", err=True)
            return EXIT_FAILED
    return 0


async def _until_told(config: Config, source: str) -> None:
    # aiohttp costs 200 ms that `--help` and `--print-config` need not pay.
    from gateway.app.serve import serving  # see above

    loop = asyncio.get_running_loop()
    told, hung_up = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        if told.is_set():
            os._exit(128 + signal.SIGTERM)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    # A log may be rotated while the gateway starts: what is open already is opened anew then.
    loop.add_signal_handler(signal.SIGHUP, hung_up.set)
    async with serving(config, source) as gateway:
        loop.add_signal_handler(signal.SIGHUP, gateway.reopen_logs)
        if hung_up.is_set():
            gateway.reopen_logs()
        if sys.stderr.isatty():
            click.echo(banner(config), err=True)
        await gateway.admin.loaded.wait()
        _settle_garbage_collector()
        await told.wait()


def banner(config: Config) -> str:
    """Say where things are and how to see the gateway refuse somebody."""
    urls = [public_url(config, server) for server in config.servers.values()]
    lines = [
        f"MCP auth gateway: {name} at {url}" for name, url in zip(config.servers, urls, strict=True)
    ]
    host, port = config.admin.listen
    lines += [
        f"health and metrics: http://{host or '127.0.0.1'}:{port}/",
        f"try: curl -i -X POST {urls[0]}   (401 with a challenge)",
    ]
    return "\n".join(lines)


def _settle_garbage_collector() -> None:
    # What start-up built lives as long as the process: walking it again and again costs 4 % CPU.
    gc.freeze()
    gc.set_threshold(20_000)  # a request leaves next to no cycles: looking less often saves 5 % CPU
    gc.enable()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # an extra: the gateway runs without it, only slower
    except ImportError:
        return None
    return uvloop.new_event_loop


def _configuration(path: Path | None, flags: Mapping[str, str]) -> Config:
    if not flags:
        return load_config(path or Path("config.yaml"), os.environ)
    if path is not None or not flags.keys() >= _ALONE:
        raise click.UsageError(
            "Give all of --upstream, --issuer and --public-url, or none and a --config file."
        )
    if "allow" not in flags and flags["issuer"] != LOCAL:
        raise click.UsageError(
            f"Say who gets in: --allow any lets in everybody who has a token of {flags['issuer']};"
            " --allow '{groups: [engineering]}' lets in some."
        )
    return config_from_flags(**{"allow": "any", **flags})


def _source(path: Path | None, upstream: str | None) -> str:
    """What the log calls the configuration: the whole path of its file, or the flags."""
    if path is None and upstream:
        return "flags"
    return str((path or Path("config.yaml")).absolute())


def _with_flags(
    config: Config, listen: str | None, admin_listen: str | None, log_level: str | None
) -> Config:
    changed: dict[str, object] = {}
    try:
        if listen is not None:
            changed["listen"] = parse_host_port(listen)
        if admin_listen is not None:
            changed["admin"] = config.admin.model_copy(
                update={"listen": parse_host_port(admin_listen)}
            )
    except ValueError as cause:
        raise click.UsageError(str(cause)) from cause
    if log_level is not None:
        changed["log"] = config.log.model_copy(update={"level": log_level})
    return config.model_copy(update=changed)


def _advice(failure: OSError) -> str:
    if failure.errno == errno.EADDRINUSE:
        return f"{failure.strerror}. Choose another port with --listen or --admin-listen."
    return str(failure)
