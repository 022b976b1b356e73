"""A guest in one sector of a disk: it says that it is there, answers what is typed, and can be shut down.

The BIOS loads the sector at 0x7c00 and jumps to it. What it writes goes to the first serial port and to the screen.
Enter gives the next prompt; Ctrl-D, or the power button (ACPI), powers it off. It needs a few MB of memory.
"""

from __future__ import annotations

from pathlib import Path

LOGIN = "login: "
"""What its console ends with, once it is up."""

SIZE = 2**20
"""Bytes of its disk: a BIOS boots from no smaller one."""

PROGRAM = """
7c00 fa             cli                   ; segments and stack
7c01 31c0           xor  ax, ax
7c03 8ed8           mov  ds, ax
7c05 8ed0           mov  ss, ax
7c07 bc007c         mov  sp, 7c00
7c0a fb             sti
7c0b be7f7c         mov  si, uart         ; the serial port: 115200 8N1, by pairs of port and value
7c0e ad             lodsw
7c0f 89c2           mov  dx, ax
7c11 09c0           or   ax, ax
7c13 7404           jz   7c19
7c15 ac             lodsb
7c16 ee             out  dx, al
7c17 ebf5           jmp  7c0e
7c19 ba0206         mov  dx, 0602         ; the power button is to be noticed
7c1c b80001         mov  ax, 0100
7c1f ef             out  dx, ax
7c20 be937c         mov  si, hello
7c23 e83900         call puts

7c26 f4             idle: hlt             ; until the timer ticks, 18 times a second
7c27 ba0006         mov  dx, 0600         ; has the power button been pressed?
7c2a ed             in   ax, dx
7c2b f6c401         test ah, 1
7c2e 7520           jnz  off
7c30 bafd03         read: mov dx, 03fd    ; has something been typed?
7c33 ec             in   al, dx
7c34 a801           test al, 1
7c36 74ee           jz   idle
7c38 b2f8           mov  dl, f8
7c3a ec             in   al, dx
7c3b 3c04           cmp  al, 4            ; Ctrl-D
7c3d 7411           je   off
7c3f 3c0d           cmp  al, 13           ; Enter
7c41 7405           je   enter
7c43 e82400         call putc
7c46 ebe8           jmp  read
7c48 bec17c         enter: mov si, login
7c4b e81100         call puts
7c4e ebe0           jmp  read

7c50 becb7c         off: mov si, bye
7c53 e80900         call puts
7c56 ba0406         mov  dx, 0604         ; sleep, in state S5
7c59 b80020         mov  ax, 2000
7c5c ef             out  dx, ax
7c5d ebc7           jmp  idle

7c5f ac             puts: lodsb           ; the text at si, up to a zero
7c60 08c0           or   al, al
7c62 7405           jz   7c69
7c64 e80300         call putc
7c67 ebf6           jmp  puts
7c69 c3             ret
7c6a b40e           putc: mov ah, 0e      ; to the screen
7c6c bb0700         mov  bx, 7
7c6f cd10           int  10
7c71 50             push ax               ; and, when the port is free, to the port
7c72 bafd03         mov  dx, 03fd
7c75 ec             in   al, dx
7c76 a820           test al, 20
7c78 74fb           jz   7c75
7c7a 58             pop  ax
7c7b b2f8           mov  dl, f8
7c7d ee             out  dx, al
7c7e c3             ret

7c7f fb0380f80301f90300fb0303fa0307fc03030000  uart
"""

TEXTS = (
    "\r\nSimNova's tiny guest: 512 bytes, no kernel\r\n",  # 7c93 hello
    f"\r\n{LOGIN}\0",  # 7cc1 login, where hello goes on
    "\r\nPower down\r\n\0",  # 7ccb bye
)
MARK = b"\x55\xaa"
"""By which a BIOS knows a boot sector."""


def sector() -> bytes:
    """The 512 bytes."""
    program = bytes.fromhex("".join(line.split()[1] for line in PROGRAM.splitlines() if line))
    return (program + "".join(TEXTS).encode()).ljust(510, b"\0") + MARK


def write_disk(path: Path) -> None:
    """A raw disk that boots it."""
    path.write_bytes(sector())
    with path.open("r+b") as disk:
        disk.truncate(SIZE)
