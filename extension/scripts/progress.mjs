// What a person sees of a long job: one line a step, with its time.

/** Something this machine lacks. The message is one line: what is missing and how to get it. */
export class Missing extends Error {}

const onTerminal = process.stdout.isTTY === true;

/** Runs work and reports it on one line. The work may return a short remark, shown in the place of "done". */
export async function step(title, work) {
  const started = performance.now();
  if (onTerminal) {
    process.stdout.write(`  … ${title}`);
  }
  let remark;
  try {
    remark = await work();
  } catch (error) {
    line("✗", title, error instanceof Missing ? "missing" : "failed");
    throw error;
  }
  line("✓", title, remark ?? `done, ${seconds(performance.now() - started)}`);
}

function line(mark, title, remark) {
  process.stdout.write(`${onTerminal ? "\r\x1b[K" : ""}  ${mark} ${title}: ${remark}\n`);
}

export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Prints why a command ends early and answers its exit code. */
export function explain(error) {
  process.stderr.write(`\n${error instanceof Missing ? error.message : (error.stack ?? error)}\n`);
  return 1;
}
