import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CoreEvent } from '../../../lib/core/events.ts';
import { createHttpClient } from '../../../lib/core/http/create-http-client.ts';
import type { HttpClient } from '../../../lib/core/http/http-client.ts';
import { type LockResult, lockManifest } from '../../../lib/core/lock/lock-manifest.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';
import { defaultRetryPolicy } from '../../../lib/core/retry.ts';
import { openSource } from '../../../lib/core/sources/open-source.ts';
import { SourceCache } from '../../../lib/core/sources/source-cache.ts';
import { commit, HubServer, sha256 } from './hub-server.ts';

const bytes = (text: string) => Buffer.from(text);
const weights = bytes('weights '.repeat(1000));
const head = 'weighbridge: 1\ncollection: m\nversion: 1.0.0\naccess: public\nartifacts:\n';

let hub: HubServer;
let origin: URL;
let http: HttpClient;
let directory: string;
let events: CoreEvent[];

beforeEach(async () => {
  hub = new HubServer();
  origin = await hub.start();
  http = createHttpClient({ userAgent: 'test', trustedOrigins: [origin.origin] });
  directory = await mkdtemp(join(tmpdir(), 'weighbridge-lock-'));
  events = [];
});
afterEach(async () => {
  await http.close();
  await hub.stop();
  await rm(directory, { recursive: true });
});

async function lock(text: string): Promise<LockResult> {
  const { manifest } = parseManifest(text, { file: 'm.yaml', directory, beforeLock: true });
  const cache = new SourceCache();
  const ports = { http, manifestDirectory: directory, cache, huggingFaceEndpoint: origin, gitHubApi: origin };
  return await lockManifest(
    { file: 'm.yaml', text, manifest },
    {
      openSource: (ref, spec) => openSource(ref, ports, spec),
      clock: { now: () => new Date(), sleep: async () => {} },
      reporter: { emit: (event) => events.push(event) },
      signal: new AbortController().signal,
      retry: defaultRetryPolicy,
      concurrency: 4,
    },
  );
}

const messages = ({ problems }: LockResult) => problems.map(({ severity, message }) => `${severity}: ${message}`);

describe('lock, where upstream publishes a digest', () => {
  it('pins a Hugging Face branch to its commit and takes the digest without downloading', async () => {
    hub.repository.set('model.bin', { bytes: weights, lfs: true });
    const text = `${head}  - id: model # mine\n    source: 'hf://acme/tiny@main/model.bin'\n`;
    const result = await lock(text);
    expect(result.text).toBe(
      `${head}  - id: model # mine\n    source: 'hf://acme/tiny@${commit}/model.bin'\n` +
        `    sha256: ${sha256(weights)}\n    size: ${weights.length}\n    digestFrom: upstream\n`,
    );
    expect(messages(result)).toEqual([]);
    expect(result.changes.map(({ field }) => field)).toEqual([
      'artifacts[0].source',
      'artifacts[0].sha256',
      'artifacts[0].size',
      'artifacts[0].digestFrom',
    ]);
    expect(hub.count('GET', '/acme/tiny/resolve')).toBe(0);
  });

  it('lists a repository once, however many files are wanted from it', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `part-${index}.bin`);
    for (const name of names) hub.repository.set(name, { bytes: bytes(name.repeat(9)), lfs: true });
    const text = head + names.map((name, at) => `  - { id: p${at}, source: 'hf://acme/tiny@main/${name}' }\n`).join('');
    const result = await lock(text);
    expect(messages(result)).toEqual([]);
    expect(result.changes).toHaveLength(20 * 4);
    expect(hub.requests).toEqual([
      'GET /api/models/acme/tiny/revision/main',
      `GET /api/models/acme/tiny/tree/${commit}`,
    ]);
  });

  it('pins a release asset to its id', async () => {
    hub.assets.push({ id: 77, name: 'w.bin', bytes: weights, digest: true });
    const result = await lock(`${head}  - id: w\n    source: "github://acme/models@v1/w.bin" # latest\n`);
    expect(result.text).toContain('    source: "github://acme/models@v1/w.bin#id=77" # latest\n');
    expect(result.text).toContain(`sha256: "${sha256(weights)}"`.replaceAll('"', ''));
    expect(hub.count('GET', '/repos/acme/models/releases/assets')).toBe(0);
  });

  it('changes nothing, not even a byte, in a manifest that is locked', async () => {
    hub.repository.set('model.bin', { bytes: weights, lfs: true });
    const first = await lock(
      `${head}  - id: model\r\n    source: hf://acme/tiny@main/model.bin`.replace(/\r?\n/g, '\r\n'),
    );
    expect(first.text).not.toMatch(/[^\r]\n/);
    const second = await lock(first.text);
    expect(second).toMatchObject({ changes: [], problems: [] });
    expect(second.text).toBe(first.text);
  });
});

describe('lock, where nobody publishes a digest', () => {
  it('downloads once, from the first source that works, and says "computed"', async () => {
    hub.plain.set('/b.json', weights);
    hub.plain.set('/c.json', weights);
    const sources = ['a', 'b', 'c'].map((name) => `      - ${origin}${name}.json\n`).join('');
    const result = await lock(`${head}  - id: w\n    kind: config\n    file: w.json\n    sources:\n${sources}`);
    expect(result.text).toContain(
      `    sha256: ${sha256(weights)}\n    size: ${weights.length}\n    digestFrom: computed\n`,
    );
    expect(messages(result)).toEqual([expect.stringMatching(/^warning: w: .*a\.json.*the other sources were asked/)]);
    expect(hub.count('GET', '/b.json') + hub.count('GET', '/c.json')).toBe(1);
    expect(events.filter(({ type }) => type === 'progress')).not.toHaveLength(0);
  });

  it('replaces a placeholder digest in its own quotes', async () => {
    await writeFile(join(directory, 'w.json'), weights);
    const text = `${head}  - id: w\n    kind: config\n    source: file:w.json\n    sha256: "<to_be_calculated>" # soon\n`;
    const result = await lock(text);
    expect(result.text).toBe(
      text
        .replace('<to_be_calculated>', sha256(weights))
        .replace(/(# soon)\n/, `$1\n    size: ${weights.length}\n    digestFrom: computed\n`),
    );
  });

  it('checks a small Hugging Face file against its Git blob', async () => {
    hub.repository.set('config.json', { bytes: bytes('{"a":1}'), lfs: false });
    const text = `${head}  - id: c\n    kind: config\n    source: hf://acme/tiny@main/config.json\n`;
    const good = await lock(text);
    expect(good.text).toContain(`@${commit}/config.json\n    sha256: ${sha256(bytes('{"a":1}'))}\n    size: 7\n`);
    hub.substitutes.set(`/acme/tiny/resolve/${commit}/config.json`, bytes('{"a":2}'));
    const bad = await lock(text);
    expect(messages(bad)).toEqual([expect.stringMatching(/^error: c: .*other bytes than the Git blob/)]);
    expect(bad.text).toBe(text);
  });

  it('asks again after a failure that passes', async () => {
    hub.plain.set('/w.json', weights);
    hub.failures.set('/w.json', 3);
    const result = await lock(`${head}  - { id: w, kind: config, source: ${origin}w.json }\n`);
    expect(messages(result)).toEqual([]);
    expect(result.text).toContain(`source: ${origin}w.json, sha256: ${sha256(weights)}, size: ${weights.length}, `);
    expect(events.some(({ type }) => type === 'retry')).toBe(true);
  });
});

describe('lock refuses to choose', () => {
  it('between sources that publish different digests: it names each with its value and writes nothing', async () => {
    hub.repository.set('w.bin', { bytes: weights, lfs: true });
    const other = Buffer.from(weights).fill('x');
    hub.assets.push({ id: 5, name: 'w.bin', bytes: other, digest: true });
    const text = `${head}  - id: w\n    sources:\n      - hf://acme/tiny@main/w.bin\n      - github://acme/models@v1/w.bin\n`;
    const result = await lock(text);
    expect(result.text).toBe(text);
    expect(messages(result)).toEqual([
      `error: w: digests disagree: hf://acme/tiny@${commit}/w.bin says ${sha256(weights)}; ` +
        `github://acme/models@v1/w.bin#id=5 says ${sha256(other)}. ` +
        'Nothing is written for this artifact; remove the source or the value that is wrong',
    ]);
    expect(result.problems[0]).toMatchObject({ file: 'm.yaml', line: 6, field: 'artifacts[0].sha256' });
  });

  it('between sizes', async () => {
    hub.plain.set('/a.json', weights);
    hub.plain.set('/b.json', weights.subarray(1));
    const result = await lock(
      `${head}  - id: w\n    kind: config\n    file: w.json\n    sources: [ ${origin}a.json, ${origin}b.json ]\n`,
    );
    expect(messages(result)).toEqual([
      expect.stringMatching(/^error: w: sizes disagree: .*a\.json says 8000; .*b\.json says 7999/),
    ]);
    expect(result.changes).toEqual([]);
  });

  it('between the manifest and what upstream publishes, and never replaces a digest', async () => {
    hub.repository.set('w.bin', { bytes: weights, lfs: true });
    const wrong = 'a1'.repeat(32);
    const text = `${head}  - id: w\n    source: hf://acme/tiny@main/w.bin\n    sha256: ${wrong}\n`;
    const result = await lock(text);
    expect(result.text).toBe(text);
    expect(messages(result)).toEqual([expect.stringContaining(wrong)]);
    expect(result.problems[0]?.severity).toBe('error');
  });

  it('between the manifest and a local file that was edited, also at the same size', async () => {
    await writeFile(join(directory, 'w.json'), 'one');
    const locked = await lock(`${head}  - { id: w, kind: config, source: file:w.json }\n`);
    await writeFile(join(directory, 'w.json'), 'two');
    const result = await lock(locked.text);
    expect(messages(result)).toEqual([
      expect.stringMatching(
        /^error: w: digests disagree: the manifest says [0-9a-f]{64}; the content of file:w\.json says/,
      ),
    ]);
    expect(result.text).toBe(locked.text);
  });
});

describe('what cannot be locked', () => {
  it('is an error when required and a warning when optional; everything else is locked', async () => {
    await writeFile(join(directory, 'w.json'), weights);
    const artifact = (id: string, rest: string) => `  - id: ${id}\n    kind: config\n${rest}`;
    const result = await lock(
      head +
        artifact('gone', `    source: ${origin}gone.json\n`) +
        artifact('optional', `    source: ${origin}gone2.json\n    required: false\n`) +
        artifact('template', '    file: t.json\n    source: https://example.org/YOUR_USERNAME/t.json\n') +
        artifact('none', '    file: n.json\n    sources: []\n') +
        artifact('here', '    source: file:w.json\n'),
    );
    expect(messages(result)).toEqual([
      expect.stringMatching(/^error: gone: not locked: .*\(missing\)/),
      expect.stringMatching(/^warning: optional: not locked: .*\(missing\)/),
      expect.stringMatching(/^error: template: not locked: .*\(placeholder\)/),
      'error: none: not locked: it has no sources',
    ]);
    expect(result.changes.map(({ artifact }) => artifact)).toEqual(['here', 'here', 'here']);
    expect(result.problems.map(({ line }) => line)).toEqual([8, 11, 16, 20]);
  });

  it('is only a warning where digest and size are there already', async () => {
    const text = `${head}  - { id: w, kind: config, source: ${origin}gone.json, sha256: ${sha256(weights)}, size: 8000 }\n`;
    const result = await lock(text);
    expect(messages(result)).toEqual([
      expect.stringMatching(/^warning: w: no source could be asked, so nothing was checked/),
    ]);
    expect(result.text).toBe(text);
  });

  it('names artifacts that turn out to have the same bytes', async () => {
    for (const name of ['a.json', 'b.json']) await writeFile(join(directory, name), weights);
    const result = await lock(
      `${head}  - { id: a, source: file:a.json, kind: config }\n  - { id: b, source: file:b.json, kind: config }\n`,
    );
    expect(messages(result)).toEqual(['warning: b: the same digest as a: is one of them a copying mistake?']);
    expect(result.changes).toHaveLength(6);
  });

  it('says what to write by hand where the file cannot be edited in place', async () => {
    await writeFile(join(directory, 'w.json'), weights);
    const text = `${head}  - id: w\n    kind: config\n    source: file:w.json\n    sha256: >-\n      <to_be_calculated>\n`;
    const result = await lock(text);
    expect(result.text).toBe(text);
    expect(messages(result)).toEqual([
      `error: w: cannot be edited in place; write by hand: sha256: ${sha256(weights)}, size: 8000, digestFrom: computed`,
    ]);
  });
});
