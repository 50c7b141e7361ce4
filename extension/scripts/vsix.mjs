// Reading a package of the extension, which is a zip file.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { vsce } from "./layout.mjs";

/** The files of a package by name, each with mode, size and bytes(). setUpPackager has to have run. */
export async function readPackage(file) {
  const yauzl = createRequire(join(vsce, "node_modules", "@vscode", "vsce", "package.json"))("yauzl");
  const zip = await yauzl.fromBufferPromise(await readFile(file), { lazyEntries: true });
  const files = new Map();
  for await (const entry of zip.eachEntry()) {
    files.set(entry.fileName, {
      mode: (entry.externalFileAttributes >>> 16) & 0o777,
      size: entry.uncompressedSize,
      async bytes() {
        const chunks = [];
        for await (const chunk of await zip.openReadStreamPromise(entry)) {
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
      },
    });
  }
  return files;
}
