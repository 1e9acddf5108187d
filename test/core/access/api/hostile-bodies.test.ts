import { expect, test } from 'vitest';
import { longestBody } from '../../../../lib/core/access/wire.ts';
import { accessFixture, bearer } from './access-fixture.ts';

const headers = { ...bearer, 'content-type': 'application/json' };

test('bodies that are made to be dear to read cost as much as others of their length', async () => {
  const api = await accessFixture();
  // A string of quotes that has no end: a search that begins anew at each of them takes longer than a test may.
  const unended = `"${'\\"'.repeat(longestBody / 2 - 1)}`;
  const asked = { collection: 'weights', version: '1.0.0' };
  const quotes = JSON.stringify({ ...asked, files: ['"'.repeat(100_000)] });
  const colons = JSON.stringify({ ...asked, files: [':'.repeat(200_000)] });
  const names = `{${Array.from({ length: 30_000 }, (_, index) => `"${index.toString(36)}":1`).join(',')}}`;
  for (const body of [
    unended,
    `{"files":[${unended}`.slice(0, longestBody),
    quotes,
    colons,
    names,
    '['.repeat(longestBody),
  ]) {
    const { status } = await api.get('/v1/urls', { method: 'POST', headers, body });
    expect(status, body.slice(0, 20)).toBe(400);
  }
});

test('a body that breaks off is the doing of its sender, and no failure of the API', async () => {
  const api = await accessFixture();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{"collection":'));
      controller.error(new Error('the client has gone'));
    },
  });
  expect((await api.get('/v1/urls', { method: 'POST', headers, body })).status).toBe(400);
  expect(api.audit).toMatchObject([{ action: 'urls', outcome: 'malformed', reason: 'not understood: badBody' }]);
});
