// A Go module proxy made of files, for GOPROXY=file://….

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Adds one version of a module to the proxy in dir. files maps slash-separated names to texts; go.mod must be among them. */
export async function addModule(dir, module, version, files) {
  const versions = join(dir, escaped(module), "@v");
  await mkdir(versions, { recursive: true });
  const put = (name, content) => writeFile(join(versions, name), content);
  await put("list", `${version}\n`);
  await put(`${version}.info`, JSON.stringify({ Version: version, Time: "2026-01-02T03:04:05Z" }));
  await put(`${version}.mod`, files["go.mod"]);
  await put(
    `${version}.zip`,
    zip(Object.entries(files).map(([name, text]) => [`${module}@${version}/${name}`, Buffer.from(text)])),
  );
}

/** As golang.org/x/mod/module.EscapePath: file systems may ignore case. */
function escaped(module) {
  return module.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

/** A zip archive of uncompressed entries [name, content]. */
function zip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const encoded = Buffer.from(name);
    const description = Buffer.alloc(26); // what local header and directory entry share
    description.writeUInt16LE(20, 0); // version needed
    description.writeUInt16LE(0x0021, 8); // date: 1980-01-01
    description.writeUInt32LE(crc32(content), 10);
    description.writeUInt32LE(content.length, 14);
    description.writeUInt32LE(content.length, 18);
    description.writeUInt16LE(encoded.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), description, encoded, content);

    const position = Buffer.alloc(14);
    position.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), description, position, encoded);
    offset += 4 + description.length + encoded.length + content.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}
