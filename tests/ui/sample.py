"""Sample notes, folders and people: what a small group of friends might have."""

from __future__ import annotations

from pathlib import Path

from app.values import (
    Delivery,
    DeviceInfo,
    EntryInfo,
    Holding,
    MemberInfo,
    Mirroring,
    Reach,
    Role,
    SpaceInfo,
)

NOW = 1_790_001_240.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

DESK = DeviceInfo("did:desk", "Desk", True, True, NOW, "")
MINA = DeviceInfo("did:mina", "Mina's laptop", False, True, NOW - 30, "192.168.1.20:4711")
JO = DeviceInfo("did:jo", "Jo's tablet", False, True, NOW - 90, "192.168.1.31:4711")
PHONE = DeviceInfo("did:phone", "Phone", False, False, NOW - 3 * HOUR, "")
TABLET = DeviceInfo("did:tablet", "Tablet", False, True, NOW, "192.168.1.23:47100")
DEVICES = (DESK, MINA, JO, PHONE)

SOURDOUGH = """Fed the starter at **7:10**, room 22 °C. See [[Dal makhani]] for the flour ratio.

- [x] Autolyse 40 min
- [x] Add salt, *then* rest
- [ ] Fold every 30 min
- [ ] Ask Mina about hydration

## What changed since week 2

Less water: 72 % instead of 76 %. The dough held its shape, and the crumb stayed open.

> “Wait until it jiggles.” — Mina

1. Mix flour and water, `autolyse` for 40 min
2. Salt and starter, four folds
3. Cold overnight, then [bake hot](https://example.org/bake)

```
flour   500 g
water   360 g
starter 100 g
salt     10 g
```

Next time: try the rye from the market. #bread #weekend
"""
DAL = """# Dal makhani

Soak the lentils overnight. **Whole urad dal**, no shortcuts.

- 200 g urad dal
- 50 g rajma
- 2 tbsp butter

Flour ratio for the naan: 3 to 1.
"""
MARKET = "# Market list\n\n- [ ] Rye flour\n- [ ] Butter\n- [x] Coriander\n- [ ] Lemons\n"
JOURNAL = "# Sunday\n\nLong walk along the canal. Rain, then sun, then rain.\n"
ROUTE = "# Route\n\nTrain at 7:42. *Bring the maps.* Meet Jo at the north gate.\n"
HEBREW = "# שלום\n\nפסקה מימין לשמאל.\n\nA paragraph from left to right.\n"  # noqa: RUF001 -- it is Hebrew
PLAIN = """<p align="center"><img src="tin.png" width="96" alt=""></p>

# Tins

What fits where, as weighed in March. A line that was broken by hand stays broken as
it was typed,
for this is where one writes.

| tin       | flour | bakes  |
|-----------|------:|--------|
| **small** | 350 g | 35 min |
| large     | 900 g | 50 min |

Below it goes on, with <b>tags</b> that are of no use here.
"""
LONG_NAME = "A very long name that somebody gave to a note because they wanted to say it all " * 3

SCRIPTS = {
    "Latin": "Crème brûlée à la façon de Łódź",
    "Greek": "Ψωμί με προζύμι, τρίτη εβδομάδα",
    "Cyrillic": "Съешь ещё этих мягких французских булок, Їжачок",
    "Chinese": "面包要慢慢发酵，第三周",  # noqa: RUF001 -- as it is written
    "Japanese": "パン種の記録、第三週（ライ麦）",  # noqa: RUF001 -- as it is written
    "Korean": "천천히 발효한 빵, 셋째 주",
}
"""Each in its script."""


def entry(
    space: str,
    id_: str,
    path: tuple[str, ...],
    *,
    ago: float,
    by: str = "Desk",
    reach: Reach = Reach.EVERYWHERE,
    size: int = 1200,
    here: bool = True,
    folder: bool = False,
) -> EntryInfo:
    """Return an entry."""
    text = path[-1].endswith((".md", ".txt")) and not folder
    return EntryInfo(space, id_, path, folder, text, size, NOW - ago, by, reach, here)


TEXTS: dict[str, str] = {
    "sourdough": SOURDOUGH,
    "dal": DAL,
    "market": MARKET,
    "route": ROUTE,
    "sunday": JOURNAL,
    "shalom": HEBREW,
    "checks": "# Checks\n\n- [ ] Tyres\n- [ ] Lamp\n",
    "starter": "# Starter log\n\nDay 1: nothing. Day 2: nothing. Day 3: **bubbles**.\n",
}


def entries() -> list[EntryInfo]:
    """Return everything, in all folders."""
    mina, jo = MINA.name, JO.name
    return [
        entry("recipes", "bread", ("Bread",), ago=DAY, folder=True),
        entry("recipes", "starter", ("Bread", "Starter log.md"), ago=2 * DAY),
        entry("recipes", "sourdough", ("Sourdough, week 3.md",), ago=130, reach=Reach.PARTLY),
        entry("recipes", "dal", ("Dal makhani.md",), ago=DAY + HOUR, by=mina),
        entry("recipes", "market", ("Market list.md",), ago=3 * DAY, by=jo),
        entry(
            "recipes",
            "oven",
            ("oven-manual.pdf",),
            ago=5 * DAY,
            size=12_400_000,
            reach=Reach.ONLY_HERE,
        ),
        entry(
            "recipes",
            "kneading",
            ("kneading.mp4",),
            ago=4 * DAY,
            by=mina,
            size=240_000_000,
            here=False,
        ),
        entry("trip", "route", ("Route.md",), ago=6 * HOUR, by=jo),
        entry("trip", "checks", ("Checks.md",), ago=20 * DAY, reach=Reach.CANNOT),
        entry("trip", "map", ("map.png",), ago=21 * DAY, size=2_300_000, by=jo),
        entry("journal", "sunday", ("Sunday.md",), ago=8 * HOUR, reach=Reach.ONLY_HERE),
        entry("journal", "shalom", ("שלום.md",), ago=30 * DAY, reach=Reach.ONLY_HERE),
    ]


def many_entries(count: int = 10_000) -> list[EntryInfo]:
    """Return a folder as full as folders get."""
    reaches = list(Reach)
    return [
        entry(
            "recipes",
            f"n{n}",
            (f"Note {n:05} about bread.md",),
            ago=n * 600.0,
            reach=reaches[n % len(reaches)],
        )
        for n in range(count)
    ]


PARTLY = Delivery(Reach.PARTLY, (Holding(DESK, True), Holding(MINA, True), Holding(PHONE, False)))
EVERYWHERE = Delivery(Reach.EVERYWHERE, (Holding(DESK, True), Holding(MINA, True)))
ONLY_HERE = Delivery(Reach.ONLY_HERE, (Holding(DESK, True),))
SENDING = Delivery(
    Reach.SENDING,
    (Holding(MINA, True), Holding(TABLET, False)),
    12_000_000,
    40_000_000,
    done_files=3,
    total_files=12,
)
CANNOT = Delivery(Reach.CANNOT, (Holding(JO, False),), reason="sync.unreachable")


def member(device: DeviceInfo, role: Role, until: int | None = None) -> MemberInfo:
    """Return a member."""
    return MemberInfo(device.did, device.name, role, until, device.is_this)


def spaces(root: Path) -> list[SpaceInfo]:
    """Return three folders: one shared widely, one with an end, one private."""
    return [
        SpaceInfo(
            "trip",
            "Field trip",
            root / "Field trip",
            Role.VIEW,
            int(NOW + 4 * DAY),
            3,
            2_310_000,
            Mirroring.SETTLED,
            (member(JO, Role.MANAGE), member(DESK, Role.VIEW, int(NOW + 4 * DAY))),
            EVERYWHERE,
        ),
        SpaceInfo(
            "recipes",
            "Recipes",
            root / "Recipes",
            Role.MANAGE,
            None,
            7,
            252_410_000,
            Mirroring.SETTLED,
            (
                member(DESK, Role.MANAGE),
                member(MINA, Role.EDIT),
                member(JO, Role.VIEW, int(NOW + 2 * DAY)),
                member(PHONE, Role.MANAGE),
            ),
            PARTLY,
        ),
        SpaceInfo(
            "journal",
            "Journal",
            root / "Journal",
            Role.MANAGE,
            None,
            2,
            4_200,
            Mirroring.SETTLED,
            (member(DESK, Role.MANAGE),),
            ONLY_HERE,
        ),
    ]
