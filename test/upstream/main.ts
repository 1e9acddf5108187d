import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { plainAnswer } from './answer.ts';
import { fileContent, generatedContent } from './content.ts';
import type { Fault } from './fault.ts';
import { startUpstream } from './upstream.ts';

const usage = `usage: node test/upstream/main.ts [--dir DIR] [--generate /PATH=SEED:SIZE]... [--fault JSON]... [--rate BYTES_PER_SECOND]
Serves the files of DIR and generated ones on a free port of 127.0.0.1 and prints its URL as the first line.
--fault {"path":"/a.bin","fault":{"kind":"reset","at":"random"},"times":3}
GET /-/requests answers with all requests so far as JSON ({method, path, status, bytes}).`;

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    generate: { type: 'string', multiple: true, default: [] },
    fault: { type: 'string', multiple: true, default: [] },
    rate: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
} else {
  const upstream = await startUpstream();
  for (const [path, file] of filesOf(values.dir)) upstream.put(path, fileContent(file));
  for (const text of values.generate) {
    const match = /^(\/[^=]+)=([^:]+):(\d+)$/.exec(text);
    if (match === null) throw new Error(`--generate takes /PATH=SEED:SIZE\n${usage}`);
    upstream.put(match[1] as string, generatedContent(match[2] as string, Number(match[3])));
  }
  for (const text of values.fault) {
    const { path, fault, ...window } = JSON.parse(text) as {
      path: string;
      fault: Fault;
      from?: number;
      times?: number;
    };
    upstream.fault(path, fault, window);
  }
  if (values.rate !== undefined) upstream.fault('*', { kind: 'throttle', bytesPerSecond: Number(values.rate) });
  upstream.mount((_request, url) => {
    if (url.pathname !== '/-/requests') return undefined;
    const list = upstream.requests.map(({ method, path, status, bytes }) => ({ method, path, status, bytes }));
    return plainAnswer(200, JSON.stringify(list), { 'content-type': 'application/json' });
  });
  console.log(upstream.origin);
}

/** Every file below a folder, as the path of its URL. */
function filesOf(folder: string | undefined): [string, string][] {
  if (folder === undefined) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = relative(folder, file).split(sep).map(encodeURIComponent).join('/');
      return [`/${path}`, file];
    });
}
