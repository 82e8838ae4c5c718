"""gdb command `fibers`: every fiber of a Ferrule process or core file, with its backtrace.

    gdb -p PID -x tools/gdb/fibers.py -ex fibers -ex detach -ex quit

A suspended fiber's registers lie on its stack, as machine_switch (lib/stack.c) left them; from there on
the chain of frame pointers is followed (the build keeps them), so that core files work too.
"""

import gdb

# Architecture name: offset of the saved frame pointer and of the return address above stack.pointer.
LAYOUTS = {"i386:x86-64": (40, 48), "aarch64": (80, 88)}
FRAMES_MAX = 64


def word(address):
    pointer = gdb.lookup_type("unsigned long").pointer()
    return int(gdb.Value(address).cast(pointer).dereference())


def describe(pc):
    """Function, file and line of a return address; the call is one byte before it."""
    try:
        block = gdb.block_for_pc(pc - 1)
    except RuntimeError:
        block = None
    while block is not None and block.function is None:
        block = block.superblock
    name = block.function.name if block is not None else None
    if name is None:
        name = gdb.execute("info symbol %#x" % pc, to_string=True).split(" in section")[0].strip()
    line = gdb.find_pc_line(pc - 1)
    place = " at %s:%d" % (line.symtab.filename, line.line) if line.symtab else ""
    return "%s%s" % (name, place)


def frames(fiber):
    layout = LAYOUTS.get(gdb.selected_frame().architecture().name())
    if layout is None:
        return
    pointer = int(fiber["stack"]["pointer"])
    low = int(fiber["stack"]["base"])
    high = low + int(fiber["stack"]["size"])
    frame, pc = word(pointer + layout[0]), word(pointer + layout[1])
    for _ in range(FRAMES_MAX):
        yield pc
        if not low <= frame <= high - 16:
            return
        frame, pc = word(frame), word(frame + 8)
        if not pc:
            return


class Fibers(gdb.Command):
    """List every fiber with its name and backtrace. An argument selects names that contain it."""

    def __init__(self):
        super().__init__("fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        # `scheduler` is a static of fiber.c: named by its file, from wherever the process stopped.
        scheduler = gdb.parse_and_eval("'fiber.c'::scheduler")
        fiber, running = scheduler["all"], scheduler["running"]
        print("%d fibers" % int(scheduler["count"]))
        while fiber:
            name = fiber["name"].string(errors="replace")
            if argument in name:
                self.show(fiber.dereference(), name, fiber == running)
            fiber = fiber["next"]

    def show(self, fiber, name, is_running):
        flags = " cancelled" if fiber["is_cancelled"] else ""
        if fiber["shields"]:
            flags += " shielded"
        print("\nfiber '%s' at %#x%s" % (name, int(fiber.address), flags))
        if is_running:
            print("  running: see bt")
            return
        for number, pc in enumerate(frames(fiber)):
            print("  #%-2d %#x %s" % (number, pc, describe(pc)))


Fibers()
