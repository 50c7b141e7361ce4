// What of this repository is shipped: the files that .vscodeignore lets in, which shuts everything out first.

import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./layout.mjs";

/** Copies what is shipped into a directory, but for the entries at the top that leaveOut names. */
export async function copyShipped(target, { leaveOut = [] } = {}) {
  for (const file of await shippedFiles()) {
    if (!leaveOut.includes(file.split("/")[0])) {
      await cp(join(root, file), join(target, file), { recursive: true });
    }
  }
}

/** The files that exist, with slashes. */
async function shippedFiles() {
  const ignore = await readFile(join(root, ".vscodeignore"), "utf8");
  const patterns = [...ignore.matchAll(/^!(.+)$/gm)].map(([, pattern]) => pattern);
  const tops = [...new Set(patterns.map((pattern) => pattern.split("/")[0]))].filter((top) => !top.includes("*"));
  const candidates = (await readdir(root, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  for (const top of tops) {
    const below = await readdir(join(root, top), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of below.filter((found) => found.isFile())) {
      candidates.push(join(entry.parentPath, entry.name).slice(root.length).replaceAll("\\", "/"));
    }
  }
  const wanted = patterns.map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .split(/(\*\*|\*)/)
          .map(expression)
          .join("")}$`,
      ),
  );
  return candidates.filter((file) => wanted.some((pattern) => pattern.test(file))).sort();
}

function expression(part) {
  return { "**": ".*", "*": "[^/]*" }[part] ?? part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
}
