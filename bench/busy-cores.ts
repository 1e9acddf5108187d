import { readFile } from 'node:fs/promises';

/** Hundredths of a second that the processors have worked since the machine started, all processes together; proc(5). */
async function ticks(): Promise<number> {
  const line = (await readFile('/proc/stat', 'utf8')).split('\n', 1)[0] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return user + nice + system + irq + softirq;
}

/** Measures how many cores were at work, by anybody, from now until the returned function is called. */
export async function watchCores(): Promise<() => Promise<number>> {
  const before = await ticks();
  const started = performance.now();
  return async () => ((await ticks()) - before) / 100 / ((performance.now() - started) / 1000);
}
