import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { serveFiles } from '../examples/quickstart/serve-files.ts';
import { manifestFor, smallModel } from '../examples/quickstart/small-model.ts';
import { screenAfter } from '../test/cli/progress/screen.ts';
import { type TerminalLine, terminalPicture } from './terminal-picture.ts';

/**
 * Makes docs/images/quickstart.svg: runs commands of the quickstart on a real terminal, in a temporary folder, and
 * draws what stays on the screen. `npx node tools/record-terminal.ts`; needs `script` of util-linux, which lends the terminal.
 */
const columns = 100;
const root = join(import.meta.dirname, '..');
const picture = join(root, 'docs/images/quickstart.svg');
const manifest = 'tiny-detector.yaml';

const session = [
  `weighbridge lock ${manifest}`,
  `weighbridge stage ${manifest}`,
  'weighbridge verify',
  'weighbridge pull tiny-detector --into ./weights',
  'cd mirror/tiny-detector/1.0.0 && sha256sum -c SHA256SUMS',
];

const upstream = await serveFiles(smallModel());
const folder = mkdtempSync(join(tmpdir(), 'weighbridge-recording-'));
try {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'bin/weighbridge.js'), join(folder, 'bin/weighbridge'));
  writeFileSync(join(folder, manifest), manifestFor(upstream.origin));
  writeFileSync(join(folder, 'weighbridge.yaml'), `trustedOrigins: [ ${upstream.origin} ]\n`);
  const lines: TerminalLine[] = [];
  for (const command of session) {
    if (lines.length > 0) lines.push({ kind: 'output', text: '' });
    lines.push({ kind: 'command', text: command });
    for (const text of await onTerminal(command)) lines.push({ kind: 'output', text });
  }
  mkdirSync(dirname(picture), { recursive: true });
  writeFileSync(picture, terminalPicture(lines, columns));
} finally {
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
}

/** The lines that a command leaves on a terminal. */
async function onTerminal(command: string): Promise<string[]> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('script', ['-qec', `stty cols ${columns} rows 40; ${command}`, '/dev/null'], {
    cwd: folder,
    // Nothing of the machine that records: no CI, no tokens, no settings.
    env: {
      PATH: [join(folder, 'bin'), PATH].join(delimiter),
      HOME,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      SHELL: '/bin/sh',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`);
  return screenAfter(output);
}
