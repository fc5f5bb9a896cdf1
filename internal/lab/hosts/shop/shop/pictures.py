"""Uploaded pictures: the content decides what a file is, never its name."""
import os
import secrets

KINDS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
)


class NotAPicture(Exception):
    pass


def kind(head):
    for magic, ending in KINDS:
        if head.startswith(magic):
            return ending
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    raise NotAPicture


def save(upload, folder):
    """Store under a name of our own; return it."""
    ending = kind(upload.stream.read(16))
    upload.stream.seek(0)
    name = secrets.token_hex(12) + ending
    # Written beside and renamed: nginx never serves half a picture.
    part = os.path.join(folder, "." + name + ".part")
    upload.save(part)
    os.replace(part, os.path.join(folder, name))
    return name
