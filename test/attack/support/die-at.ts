import fs from 'node:fs';
import files, { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

// Preloaded (`node --import`) into a process that is to die: counts every call that changes the file system, and
// ends the process by SIGKILL at the one that WEIGHBRIDGE_DIE_AT names (`12:before`, `12:after`). A process that
// lives to its end writes how many there were to WEIGHBRIDGE_DIE_COUNT.

const changing = ['appendFile', 'copyFile', 'link', 'mkdir', 'rename', 'rm', 'unlink', 'utimes', 'writeFile'] as const;
const changingHandles = ['datasync', 'sync', 'truncate', 'write', 'writeFile'] as const;

type Call = (...args: unknown[]) => Promise<unknown>;

const [at = '0', when = 'before'] = (process.env.WEIGHBRIDGE_DIE_AT ?? '').split(':');
let calls = 0;

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

function counted(call: Call): Call {
  return async function (this: unknown, ...args) {
    calls += 1;
    const last = calls === Number(at);
    if (last && when === 'before') die();
    try {
      return await call.apply(this, args);
    } finally {
      if (last) die();
    }
  };
}

function watch(target: object, names: readonly string[]): void {
  const methods = target as Record<string, Call>;
  for (const name of names) {
    const call = methods[name];
    if (call === undefined) throw new Error(`no ${name} to watch`);
    methods[name] = counted(call);
  }
}

if (isMainThread) {
  const handle: FileHandle = await open(import.meta.filename, 'r');
  watch(Object.getPrototypeOf(handle) as object, changingHandles);
  await handle.close();
  watch(files, changing);
  const plainOpen = files.open as Call;
  const watchedOpen = counted(plainOpen);
  const opened: Call = (path, flags, ...rest) =>
    (typeof flags === 'string' && flags.startsWith('w') ? watchedOpen : plainOpen)(path, flags, ...rest);
  Object.assign(files, { open: opened });
  syncBuiltinESMExports();
  const report = process.env.WEIGHBRIDGE_DIE_COUNT;
  if (report !== undefined) process.on('exit', () => fs.writeFileSync(report, String(calls)));
}
