"""The address at which `serve` listens, as a link has it."""

from ipaddress import ip_address


def base_of(host: str, port: int) -> str:
    """Return where this machine reaches a hub that listens there."""
    reached = "localhost" if is_everywhere(host) else host
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def is_everywhere(host: str) -> bool:
    """Return whether a host means all addresses of the machine, which no link can use."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return not host
