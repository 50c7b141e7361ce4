/** A server that ends this often (old ends count less) is not started again. */
const limit = 5;
/** After this time an end counts half. */
const halfLifeMillis = 2 * 60_000;
const firstDelayMillis = 1000;

/**
 * Decides when a server that ended is started again: after a second, then
 * slower and slower, and in the end not at all. Ends are forgiven with
 * time, so that a server that fails once a day is always started again.
 */
export class RestartPolicy {
  private weight = 0;
  private lastEnd = 0;

  /** now: milliseconds of a clock. */
  constructor(private readonly now: () => number) {}

  /** Records that the server ended. Milliseconds to wait before the next start; undefined: give up. */
  recordEnd(): number | undefined {
    const now = this.now();
    this.weight = this.weight * 0.5 ** ((now - this.lastEnd) / halfLifeMillis) + 1;
    this.lastEnd = now;
    return this.weight > limit ? undefined : Math.round(firstDelayMillis * 2 ** (this.weight - 1));
  }

  /** Forgives everything: the user asked for a fresh start. */
  reset(): void {
    this.weight = 0;
  }
}
