/**
 * Outlives the process that started it just long enough to leave nothing behind: when its standard input ends, for
 * whatever reason the other process went (a kill -9 included), it ends the servers and removes the folders it was told of.
 * Lines on standard input: `server PID FOLDER` once started, `gone PID` once stopped.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const kept = new Map<number, string>();

// Ctrl-C on a terminal goes to everybody; this process has work to do after the others are gone.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const [word, pid, ...folder] = line.split(' ');
  if (word === 'server') kept.set(Number(pid), folder.join(' '));
  else kept.delete(Number(pid));
});
input.on('close', () => {
  for (const [pid, folder] of kept) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already; its folder may not be.
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
});
