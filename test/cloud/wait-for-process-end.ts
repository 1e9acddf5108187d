import { eventually } from './eventually.ts';

/** Waits until a process, which need not be a child of this one, is gone. @throws Error when it is not within 10 s. */
export async function waitForProcessEnd(pid: number): Promise<void> {
  await eventually(`the end of process ${pid}`, async () => (isAlive(pid) ? undefined : true), { seconds: 10 });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
