import { keptVariables } from "./protocol.gen";

/** Whether a variable may leave the editor: the allow-list of the product. */
export function isKept(name: string): boolean {
  const upper = name.toUpperCase();
  if (keptVariables.prefixes.some((prefix) => upper.startsWith(prefix))) {
    return !upper.startsWith(keptVariables.excludedPrefix);
  }
  return (keptVariables.names as readonly string[]).includes(upper);
}

/** The variables that may leave the editor. */
export function keptEnv(env: NodeJS.ProcessEnv): { [name: string]: string } {
  const kept: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isKept(name)) {
      kept[name] = value;
    }
  }
  return kept;
}
