"""Every command with its words: the one table behind parsing, help, completion and the guide."""

from __future__ import annotations

from collections.abc import Iterator

from app.cli.beside_table import TOGETHER
from app.cli.bygone_table import BYGONE_COMMANDS
from app.cli.entries import ANY_SPACE, NEEDED_SPACE, PASSPHRASE, Command, Kind, Option, Where
from app.cli.moments_table import MOMENT, MOMENT_COMMANDS

WORDS = (
    ("SPACE", "a folder of Atoll: the last part of its path, its path, or the beginning of its id"),
    ("code", "text that gives access to one folder; whoever has it can join until it ends"),
    ("giver", "the device that made a code"),
    ("hand-over file", "a code and all that is needed to join while its giver is away"),
    ("peers", "the other devices that share a folder with this one"),
    ("signed for it", "a device said, under its signature, that it has stored all of it"),
)
"""What the help and the guide say once, to whom they are new."""

GLOBAL = (
    Option(
        "--data",
        "the data folder of the device; default: $ATOLL_DATA, or the system's place",
        Kind.FOLDER,
        "DIR",
    ),
    Option("--json", "print JSON for programs instead of words", Kind.FLAG),
    Option("--quiet", "no progress and no remarks, only the answer", Kind.FLAG),
)

COMMANDS = (
    Command(
        "init",
        "set up this device",
        "Makes the device's keys and gives it the name that others will see. Done once for each\n"
        "data folder. No account is made and nothing is sent anywhere.",
        (Option("--name", "what others will call this device", shown="NAME", needed=True),),
        ('atoll init --name "Ana\'s laptop"', "atoll --data /tmp/second init --name Phone"),
        Where.HERE,
    ),
    Command(
        "add",
        "open a folder of real files, so that it can be shared",
        "Reads the whole folder once and keeps it in step from then on. No file in it is\n"
        "changed; a hidden .atoll is made there to mark it. The folder is named by the last\n"
        "part of its path.",
        (Option("folder", "the folder to add", Kind.FOLDER, needed=True),),
        ("atoll add ~/Recipes",),
    ),
    Command(
        "spaces",
        "list the folders on this device",
        "One line a folder: its name, what you can do there, how much it holds, where it lies,\n"
        "and whether it is there.",
    ),
    Command(
        "status",
        "say who holds what",
        "Tells for each folder whether all is safe on the other devices. 'Stored on all 3\n"
        "devices' is said only when each has signed for it; its plain folder may show it a little\n"
        "later. Exits 0 as soon as the app answers and 5 while no app runs here; with --alone it\n"
        "then looks into the data folder itself, says that nothing runs, and exits 0.",
        (
            ANY_SPACE,
            Option("--alone", "when no app runs, look into the data folder", Kind.FLAG),
        ),
        ("atoll status", "atoll status Recipes --json"),
        Where.APP,
    ),
    Command(
        "share",
        "make a code that gives access to a folder",
        "Whoever has the code, or a photograph of it, can join until it ends, so hand it only to\n"
        "whom you mean. The access that comes of it ends with the code; without --until neither\n"
        "does. The code is shown as text and, in a terminal, as a picture for a camera. To join\n"
        "with it this device has to run: see serve. With --file a hand-over file is written that\n"
        "works even while this device is away.",
        (
            NEEDED_SPACE,
            Option(
                "--can",
                "what they will be able to do",
                Kind.CHOICE,
                choices=("view", "edit", "manage"),
                default="view",
            ),
            Option(
                "--until",
                "when access ends: never, 2h, 7d, 2027-01-31, 2027-01-31T18:00",
                shown="WHEN",
                default="never",
            ),
            Option("--file", "write a hand-over file too", Kind.PATH, "FILE"),
            Option(
                "--address",
                "where this device can be reached, if it cannot know by itself",
                shown="HOST:PORT",
                many=True,
            ),
            Option("--no-picture", "do not draw the code for a camera", Kind.FLAG),
        ),
        (
            "atoll share Recipes --can edit --until 7d",
            "atoll share Recipes --json | jq -r .code",
            "atoll share Recipes --file recipes.atoll",
        ),
    ),
    Command(
        "join",
        "accept a code, and fetch the folder",
        "CODE is the text of a code, the path of a hand-over file, or - for standard input. Says\n"
        "what is offered, meets the giver, and fills FOLDER. The giver has to be running: its\n"
        "window, or serve. With a hand-over file nobody has to. A folder that holds something\n"
        "is refused unless --merge asks to bring both together.",
        (
            Option("code", "the code, a hand-over file, or -", Kind.PATH, needed=True),
            Option("--into", "the folder to fill", Kind.FOLDER, "FOLDER", needed=True),
            Option("--merge", "the folder holds files: bring both together", Kind.FLAG),
            Option(
                "--keep",
                "how much to have on this device: see keep",
                Kind.CHOICE,
                choices=("whole", "opened", "names"),
            ),
        ),
        (
            "atoll join ATOLL:… --into ~/Recipes",
            "atoll join - --into ~/Recipes < code.txt",
            "atoll join ATOLL:… --into ~/Recipes --keep opened",
        ),
        network=True,
    ),
    Command(
        "serve",
        "run without a window until stopped",
        "Keeps all folders in step and answers other devices and terminals, in the foreground,\n"
        "until SIGTERM or Ctrl-C. Then everything is closed whole and it exits 0.",
        (
            Option("--port", "listen here; 0 lets the system choose", Kind.NUMBER, "PORT"),
            Option("--listen", "listen at this address only", shown="ADDRESS"),
            Option("--no-discovery", "do not look for devices on the network", Kind.FLAG),
        ),
        ("atoll serve", "atoll --data /srv/atoll serve --port 4242"),
        Where.HERE,
    ),
    Command(
        "peers",
        "list the devices that share something with this one",
        "Says which are near, and when the others were last seen.",
    ),
    Command(
        "dial",
        "meet a device at an address now",
        "For networks where devices do not find each other by themselves.",
        (Option("address", "HOST:PORT", needed=True),),
        ("atoll dial 192.168.1.20:4242",),
        network=True,
    ),
    *MOMENT_COMMANDS,
    Command(
        "bin",
        "list what was deleted and can come back",
        "One line each: when, by which device, what. `atoll restore PATH` brings it back.\n"
        "With --empty what was deleted is kept no longer on this device: it goes after a week,\n"
        "with --now at once. Other devices, backups and the records of who did what are not\n"
        "touched, and a disk may hold what was removed for longer.",
        (
            ANY_SPACE,
            Option("--empty", "keep nothing of it any longer on this device", Kind.FLAG),
            Option("--path", "with --empty: only what lay there", Kind.PATH, "PATH", many=True),
            Option("--now", "with --empty: at once, not after a week", Kind.FLAG),
        ),
        ("atoll bin", "atoll bin Recipes --empty"),
    ),
    *BYGONE_COMMANDS,
    Command(
        "search",
        "find names and texts",
        "All words have to occur; the last may be the beginning of one.",
        (
            Option("words", "what to look for", needed=True, many=True),
            Option("--space", "look in one folder only", Kind.SPACE, "SPACE"),
            Option("--limit", "how many at most", Kind.NUMBER, "N", default=50),
        ),
        ("atoll search sourdough rye",),
    ),
    Command(
        "check",
        "verify everything that is kept here",
        "Reads every block, record, right, older version and list, and names what is damaged by\n"
        "path and version. Nothing is changed, but a damaged list that can be made anew at once\n"
        "is. With --quick no block is read. Exits 6 when something is damaged. To mend: repair.",
        (ANY_SPACE, Option("--quick", "read no block: seconds instead of minutes", Kind.FLAG)),
        ("atoll check", "atoll check Recipes --quick"),
    ),
    Command(
        "repair",
        "make whole what is damaged",
        "Mends what can be mended from what is left, from the plain folder where a file there\n"
        "holds the very content, and asks other devices for the rest; that comes when both run.\n"
        "Then the lists are made anew from nothing. Nothing is deleted: what was damaged is set\n"
        "aside. Also brings back the list of your folders (state.db) when it cannot be opened.\n"
        "Says what could not be healed, and exits 6 if that is anything.",
        (ANY_SPACE,),
        ("atoll repair", "atoll repair Recipes --json"),
    ),
    Command(
        "backup",
        "keep all folders, their history and the keys in a safe place, and try it",
        "Writes everything that this device keeps into a folder or, where INTO ends in\n"
        ".atoll-backup, one file, while it is used on. It is encrypted; the keys are in it under\n"
        "a passphrase, asked for or read from a file. Then it is opened from there alone, every\n"
        "hash is looked at, and only then it is called good. Into the same folder only what is\n"
        "new is written. Without INTO, or with --list: the backups that were good.",
        (
            Option("into", "a folder of its own, or a file", Kind.FOLDER),
            PASSPHRASE,
            Option("--list", "list the backups that were tried and are good", Kind.FLAG),
        ),
        (
            "atoll backup /media/stick/atoll --passphrase-file ~/.backup-words",
            "atoll backup --list",
        ),
    ),
    Command(
        "restore-backup",
        "bring this device back from a backup, on a new machine",
        "Fills a data folder that belongs to no device yet, and makes each plain folder in DIR,\n"
        "under its name, or where --folder says. What others heard of this device after the\n"
        "backup comes back from them when they meet. The old machine must not go on as the\n"
        "same device. A plain folder that holds files is refused unless --merge asks to bring\n"
        "both together.",
        (
            Option("source", "the folder or file of a backup", Kind.PATH, "FROM", needed=True),
            Option("--into", "where the plain folders are made", Kind.FOLDER, "DIR", needed=True),
            Option("--folder", "where one of them is to lie", shown="NAME=DIR", many=True),
            Option("--merge", "plain folders may hold files: bring both together", Kind.FLAG),
            PASSPHRASE,
        ),
        ("atoll restore-backup /media/stick/atoll --into ~ --passphrase-file ~/.backup-words",),
        Where.HERE,
    ),
    Command(
        "export",
        "write all files of a folder to an empty place",
        "What is written are plain files; they need no Atoll any more. With --at they are written\n"
        "as they were at a moment.",
        (NEEDED_SPACE, Option("into", "an empty or new folder", Kind.FOLDER, needed=True), MOMENT),
        (
            "atoll export Recipes /media/stick/Recipes",
            "atoll export Recipes /media/stick/then --at 3fa92c",
        ),
    ),
    Command(
        "attach",
        "keep a shared folder in another place, when its own is gone or was moved",
        "A folder that was moved is taken as it is: what was changed in it is taken in. An empty\n"
        "or new one is filled with all files anew. Nothing is deleted anywhere by it. A folder\n"
        "that holds something else is refused unless --merge asks to bring both together.",
        (
            NEEDED_SPACE,
            Option("folder", "where it is now, or is to be", Kind.FOLDER, needed=True),
            Option("--merge", "the folder holds files: bring both together", Kind.FLAG),
        ),
        ("atoll attach Recipes ~/Documents/Recipes", "atoll attach Recipes /media/disk/Recipes"),
    ),
    Command(
        "held",
        "look at what is held because very many files changed at once",
        "When a device deletes, replaces or renames more than 50 files or a quarter of a folder\n"
        "within 5 minutes, that device does not send it, and others that get it all the same do\n"
        "not write it to their plain folders, until a person looks. All of it is in the history.\n"
        "Lists what is held. With --let-through it goes on its way; with --undo all that the\n"
        "device did in it is taken back, as a new step.",
        (
            ANY_SPACE,
            Option("--let-through", "it is right: let it go on its way", Kind.FLAG),
            Option("--undo", "it is wrong: put everything back as it was before", Kind.FLAG),
            Option("--all", "list every file, not some", Kind.FLAG),
        ),
        ("atoll held", "atoll held Recipes --undo", "atoll held Recipes --let-through"),
    ),
    Command(
        "guard",
        "say from how many changed files on a folder's changes are held",
        "Without a flag it says how it is. A folder in which programs often replace very many\n"
        "files can have other numbers, or no guard. Each device has its own setting. Up to 8\n"
        "files are never held.",
        (
            NEEDED_SPACE,
            Option("--on", "hold mass changes", Kind.FLAG),
            Option("--off", "hold nothing, and let through what is held", Kind.FLAG),
            Option("--files", "more files than these are held; 50 at first", Kind.NUMBER, "N"),
            Option("--percent", "a larger part than this; 25 at first", Kind.NUMBER, "P"),
        ),
        ("atoll guard Recipes", "atoll guard Recipes --files 500", "atoll guard Recipes --off"),
    ),
    Command(
        "keep",
        "say how much of a folder this device keeps",
        "Names are always kept, and searched. `whole` keeps everything. `opened` keeps notes up\n"
        "to 64 KiB and what was opened, until the budget pushes out what was used longest ago.\n"
        "`names` keeps names; content comes for a moment. What is not kept is not in the plain\n"
        "folder; that is no deletion. Nothing goes that no other device that keeps all has\n"
        "signed for. Without a word it says how it is.",
        (
            NEEDED_SPACE,
            Option(
                "how",
                "whole, opened or names",
                Kind.CHOICE,
                choices=("whole", "opened", "names"),
            ),
            Option("--budget", "how much may stay once opened; 10 GB at first", shown="SIZE"),
        ),
        (
            "atoll keep Recipes",
            "atoll keep Recipes opened --budget 2GB",
            "atoll keep Recipes whole",
        ),
    ),
    Command(
        "fetch",
        "bring files here that are not kept in any case",
        "Fetches files, and folders with all in them, from a device that has them, and writes\n"
        "them to the plain folder. They stay as `atoll keep` says. PATH may name what is not on\n"
        "this disk: the path it would have, or FOLDER/path/inside.",
        (Option("path", "a file or folder", Kind.PATH, needed=True, many=True),),
        ("atoll fetch ~/Recipes",),
        network=True,
    ),
    Command(
        "leave",
        "forget a folder on this device",
        "The plain folder and its files stay; they are only not kept in step any more.",
        (NEEDED_SPACE,),
    ),
    Command(
        "scan",
        "look through the plain folder now",
        "Not needed day to day: changes are noticed as they happen. Useful after a disk was away.",
        (ANY_SPACE,),
    ),
    TOGETHER,
    Command(
        "drafts",
        "list changes kept only here",
        "Who may only view can still type: such changes stay on this device as drafts.",
        (
            ANY_SPACE,
            Option("--drop", "go back to the shared version of this path", Kind.PATH, "PATH"),
        ),
    ),
    Command(
        "demo",
        "watch two devices share a folder",
        "Makes two devices in a temporary folder, lets them join, work together and apart, and\n"
        "checks every promise on the way. Takes under a minute and leaves nothing behind.",
        (
            Option(
                "--notes", "how many notes the folder holds", Kind.NUMBER, shown="N", default=300
            ),
            Option("--keep", "do not remove the temporary folder", Kind.FLAG),
        ),
        where=Where.HERE,
    ),
    Command(
        "completion",
        "print a script that completes commands in your shell",
        "bash:  atoll completion bash > ~/.local/share/bash-completion/completions/atoll\n"
        "zsh:   atoll completion zsh > ~/.zfunc/_atoll\n"
        "fish:  atoll completion fish > ~/.config/fish/completions/atoll.fish",
        (
            Option(
                "shell",
                "bash, zsh or fish",
                Kind.CHOICE,
                choices=("bash", "zsh", "fish"),
                needed=True,
            ),
        ),
        where=Where.HERE,
    ),
)

LOOK = Command("look", "say what a code offers", "What `join` asks first, to tell the person.")
"""Asked by `join` alone; nobody types it."""

BY_NAME = {command.name: command for command in COMMANDS}


def flags(command: Command) -> Iterator[Option]:
    """Walk the flags that stand behind a command, the global ones last."""
    yield from (option for option in command.options if option.is_flag)
    yield from GLOBAL
