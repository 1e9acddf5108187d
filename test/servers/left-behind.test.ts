import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';

type Ending = 'return' | 'throw' | 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL';

it.each<Ending>(['return', 'throw', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'])(
  'no server and no folder is left behind by a process that ends by %s',
  async (ending) => {
    const isSignal = ending.startsWith('SIG');
    const program = join(import.meta.dirname, 'server-owner.ts');
    const owner = spawn(process.execPath, [program, isSignal ? 'wait' : ending], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(owner, 'exit');
    const [line] = await once(createInterface({ input: owner.stdout }), 'line');
    const { url, folder } = JSON.parse(line) as { url: string; folder: string };
    if (isSignal) owner.kill(ending as NodeJS.Signals);
    await exit;
    for (let look = 0; look < 200 && (existsSync(folder) || (await answers(url))); look += 1) await sleep(50);
    expect(existsSync(folder)).toBe(false);
    expect(await answers(url)).toBe(false);
  },
);

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
