"""On which addresses devices nearby can be looked for: real networks that are up."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path

import ifaddr

LOOPBACK = "127.0.0.1"
_PRIVATE_ROADS = (
    "br-", "cali", "cni", "docker", "dummy", "flannel", "gif", "ifb", "ipsec", "kube", "lxc",
    "lxdbr", "nordlynx", "ppp", "proton", "stf", "tailscale", "tap", "tun", "utun", "vbox",
    "veth", "virbr", "vmnet", "vnic", "wg", "zt",
)  # fmt: skip
"""Beginnings of the names of bridges to containers and tunnels: no neighbour is there."""
_STATES = Path("/sys/class/net")


def usable(*, loopback: bool) -> tuple[str, ...]:
    """Return the IPv4 addresses of this machine on which to look, sorted. Asks the system."""
    found = (
        (adapter.name, adapter.nice_name, address.ip)
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
        if isinstance(address.ip, str)
    )
    return choose(
        ((name, ip) for name, nice, ip in found if not _is_tunnel(nice) and not is_down(name)),
        loopback=loopback,
    )


def choose(addresses: Iterable[tuple[str, str]], *, loopback: bool) -> tuple[str, ...]:
    """Return which of (interface, address) may have neighbours.

    The loopback is used only when it is asked for and nothing else is there: two of us on one
    machine find each other on it without any network.
    """
    chosen: set[str] = set()
    alone: set[str] = set()
    for name, text in addresses:
        address = ipaddress.ip_address(text)
        if address.version != 4 or address.is_unspecified or _is_tunnel(name):  # noqa: PLR2004
            continue
        (alone if address.is_loopback else chosen).add(text)
    return tuple(sorted(chosen or (alone & {LOOPBACK} if loopback else ())))


def is_down(name: str) -> bool:
    """Say whether the system knows that an interface is not connected."""
    try:
        return (_STATES / name / "operstate").read_text().strip() == "down"
    except OSError:
        return False  # another system, or no such file: what has an address is taken as up


def _is_tunnel(name: str) -> bool:
    return name.lower().startswith(_PRIVATE_ROADS)
