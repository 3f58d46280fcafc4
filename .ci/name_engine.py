#!/usr/bin/env python3
"""Give the engine's files a name derived from their content, and write it into the page, with the module's sizes.

Trunk runs this after each build (Trunk.toml). It leaves a worker's files without a hash, because only the page knows when
to start one; a browser that still has an older engine would then meet a newer page.
"""

import gzip
import hashlib
import os
import pathlib
import sys

NAME = "engine"
# In an order in which each refers only to earlier ones.
FILES = [f"{NAME}_bg.wasm", f"{NAME}.js", f"{NAME}_loader.js"]
# The placeholder in index.html for the name and the sizes, which the page reads there (src/page/doors/engine.rs).
PLACE = f'<meta name="engine" content="{NAME}">'


def renamed(content, before, after, where):
    """The content with a new name for a file that it must refer to."""
    if before.encode() not in content:
        sys.exit(f"error: {where} does not speak of {before}, which is about to be called {after}")
    return content.replace(before.encode(), after.encode())


def main():
    folder = pathlib.Path(os.environ["TRUNK_STAGING_DIR"])
    contents = {file: (folder / file).read_bytes() for file in FILES}
    digest = hashlib.sha256()
    for content in contents.values():
        digest.update(content)
    name = f"{NAME}-{digest.hexdigest()[:16]}"
    new = {file: file.replace(NAME, name, 1) for file in FILES}
    for file, spoken_of in zip(FILES[1:], FILES):
        contents[file] = renamed(contents[file], spoken_of, new[spoken_of], file)
    module = contents[FILES[0]]
    # Gzip at its weakest: no host that compresses sends more.
    packed = len(gzip.compress(module, 1))
    told = f'<meta name="engine" content="{name}" data-bytes="{len(module)}" data-packed-bytes="{packed}">'
    page = folder / "index.html"
    page.write_bytes(renamed(page.read_bytes(), PLACE, told, page.name))
    for file, content in contents.items():
        (folder / new[file]).write_bytes(content)
        (folder / file).unlink()


if __name__ == "__main__":
    main()
