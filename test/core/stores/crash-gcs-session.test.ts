import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { type Child, startProgram } from '../../conformance/child-process.ts';
import { bytesOf } from '../../conformance/read-all.ts';
import { storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { sessionBytes } from './gcs-session-bytes.ts';

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const bucket = 'weights';
let server: Child;
let access: { readonly url: string; readonly token: string };
let children: Child[] = [];

beforeAll(async () => {
  server = startProgram(program('../../servers/strict-gcs/main.ts'), [bucket]);
  access = JSON.parse(await server.said(/^\{/));
});
afterEach(async () => {
  for (const child of children) child.signal('SIGKILL');
  await Promise.all(children.map(({ ended }) => ended));
  children = [];
});
afterAll(async () => {
  server.signal('SIGTERM');
  expect(await server.ended).toBe(0);
});

function start(seed: string, id = '', last = ''): Child {
  const child = startProgram(program('gcs-child.ts'), [access.url, access.token, bucket, seed, id, last]);
  children.push(child);
  return child;
}

function open(): GcsStore {
  const storage = storageWithToken(access.url, access.token);
  return new GcsStore({ url: `gs://${bucket}`, bucket, prefix: '', storage });
}

async function control(path: string, body: unknown = {}): Promise<unknown> {
  return await (await fetch(`${access.url}/_strict/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
}

async function removed(): Promise<void> {
  const headers = { authorization: `Bearer ${access.token}` };
  await fetch(`${access.url}/storage/v1/b/${bucket}/o/${encodeURIComponent('a/1/w')}`, { method: 'DELETE', headers });
}

describe('a session of the strict fake of GCS whose process is killed', () => {
  test.each([1, 4, 9])('after part %i is continued by another process from what the server holds', async (after) => {
    await removed();
    const seed = `after ${after}`;
    const first = start(seed, '', String(after));
    const id = (await first.said(/^id /)).slice(3);
    await first.said(new RegExp(`^part ${after}$`));
    first.signal('SIGKILL');
    await first.ended;
    const second = start(seed, id);
    expect(await second.ended).toBe(0);
    expect(second.lines.at(-1)).toBe('created');
    const held = Number(second.lines[1]?.slice('held '.length));
    expect(held).toBe(after);
    // Each part but what was held was sent exactly once more.
    expect(second.lines.slice(2, -1)).toEqual(Array.from({ length: 10 - held }, (_, at) => `part ${held + at + 1}`));
    expect((await bytesOf(open().read('a/1/w'))).equals(sessionBytes(seed))).toBe(true);
  });

  test('at any moment is whole or not there at all', async () => {
    for (let round = 0; round < 6; round += 1) {
      await removed();
      const seed = `round ${round}`;
      const first = start(seed);
      const id = (await first.said(/^id /)).slice(3);
      await first.said(/^part 9$/);
      const timer = setTimeout(() => first.signal('SIGKILL'), round);
      await first.ended;
      clearTimeout(timer);
      const second = start(seed, id);
      await second.ended;
      // The killed process may have been heard, though it heard nothing.
      expect(['created', 'gone']).toContain(second.lines.at(-1));
      expect((await bytesOf(open().read('a/1/w'))).equals(sessionBytes(seed))).toBe(true);
    }
  });

  test('is begun anew after a week', async () => {
    await removed();
    const first = start('week', '', '1');
    const id = (await first.said(/^id /)).slice(3);
    await first.said(/^part 1$/);
    first.signal('SIGKILL');
    await first.ended;
    await control('advance', { seconds: 7 * 24 * 3600 + 1 });
    const second = start('week', id);
    await second.ended;
    expect(second.lines).toEqual(['gone']);
  });
});
