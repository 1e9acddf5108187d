import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { main } from '../../lib/cli/main.ts';
import { requireNoLeaks } from '../support/require-no-leaks.ts';

/** Starts `serve` on a free port as a process would, and waits for what it prints first. */
export async function startServe(args: readonly string[], { cwd = tmpdir() }: { readonly cwd?: string } = {}) {
  const signals = new EventEmitter();
  const output = { stdout: '', stderr: '' };
  const printed = Promise.withResolvers<string>();
  const serving = main({
    argv: ['serve', '--port', '0', ...args],
    variables: {},
    cwd,
    stdout: {
      write(text: string) {
        output.stdout += text;
        printed.resolve(output.stdout);
        return true;
      },
    },
    stderr: { write: (text: string) => (output.stderr += text) },
    signals,
    leave: () => {},
  } as unknown as Parameters<typeof main>[0]);
  serving.then((code) => printed.reject(new Error(`ended with ${code}: ${output.stderr}`)));
  const ended = serving.then(async (code) => {
    await requireNoLeaks({ argv: ['serve'], ...output, cwd: cwd === tmpdir() ? undefined : cwd });
    return code;
  });
  return { url: await printed.promise, output, ended, signals };
}
