import type { Clock } from '../clock.ts';
import { KernelLock } from '../stores/kernel-lock.ts';

/**
 * Runs `work` while no other process works on what the lock stands for. Waits as long as it takes, since the other
 * may be fetching gigabytes; the kernel drops the lock of a process that died.
 * @param onWait called once, when it has to wait
 */
export async function withLock<T>(
  path: string,
  clock: Clock,
  signal: AbortSignal,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const lock = new KernelLock(path, clock);
  for (let looks = 0; !lock.tryAcquire(); looks += 1) {
    if (looks === 0) onWait();
    await clock.sleep(Math.min(0.5, 0.01 * 2 ** Math.min(looks, 10)) * (0.5 + Math.random() / 2), signal);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
