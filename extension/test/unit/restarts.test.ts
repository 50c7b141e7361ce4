import assert from "node:assert/strict";
import { test } from "node:test";
import { RestartPolicy } from "../../src/restarts";

/** The delays of a server that ends after running for `uptime` milliseconds, until the policy gives up. */
function delays(uptime: number, most: number): number[] {
  let now = 1_000_000;
  const policy = new RestartPolicy(() => now);
  const waits: number[] = [];
  while (waits.length < most) {
    const wait = policy.recordEnd();
    if (wait === undefined) {
      break;
    }
    waits.push(wait);
    now += wait + uptime;
  }
  return waits;
}

test("a server that ends at once is restarted ever more slowly, then no more", () => {
  const waits = delays(0, 100);
  assert.ok(waits.length >= 3 && waits.length <= 8, `${waits.length} restarts`);
  assert.equal(waits[0], 1000);
  for (const [i, wait] of waits.slice(1).entries()) {
    assert.ok(wait > (waits[i] ?? 0) * 1.5, `${waits}`);
  }
});

test("a server that ends now and then is always restarted, and soon", () => {
  const waits = delays(60 * 60_000, 100);
  assert.equal(waits.length, 100);
  assert.ok(Math.max(...waits) < 1100);
});

test("reset forgives", () => {
  const policy = new RestartPolicy(() => 0);
  while (policy.recordEnd() !== undefined);
  policy.reset();
  assert.equal(policy.recordEnd(), 1000);
});
