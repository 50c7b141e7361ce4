import type { Status } from "../../src/protocol.gen";

/** A healthy status with the given differences. */
export function status(change: Partial<Status> = {}, counts: Partial<Status["counts"]> = {}): Status {
  return {
    health: "ok",
    ready: true,
    snapshot: 7,
    counts: { phantom: 0, real: 0, unknown: 0, errors: 0, warnings: 0, infos: 0, ...counts },
    headline: "",
    details: null,
    cure: "",
    trusted: true,
    undoable: false,
    checked: "2026-01-02T10:32:05Z",
    sync: "yes",
    events: "",
    etag: "e",
    ...change,
  };
}
