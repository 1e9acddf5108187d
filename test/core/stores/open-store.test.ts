import { expect, test } from 'vitest';
import { UsageError } from '../../../lib/core/errors.ts';
import { openStore, storeFolder } from '../../../lib/core/stores/open-store.ts';

test.each([
  ['file:./mirror', '/srv/here/mirror'],
  ['file:mirror', '/srv/here/mirror'],
  ['file:../other dir', '/srv/other dir'],
  ['file:.', '/srv/here'],
  ['file:/srv/mirror', '/srv/mirror'],
  ['file:///srv/with%20space', '/srv/with space'],
  ['file:100%25', '/srv/here/100%25'],
])('%s is the folder %s', async (url, folder) => {
  expect(storeFolder(url, '/srv/here')).toBe(folder);
  const store = await openStore(url, { cwd: '/srv/here' });
  expect(store).toMatchObject({ url, kind: 'directory' });
});

test.each(['file:', 'file://host/share', 'file:a\0b', '', './mirror', 'ftp://x/y', 'S3://bucket'])(
  '%j is no store',
  async (url) => {
    await expect(openStore(url, { cwd: '/srv/here' })).rejects.toThrow(UsageError);
  },
);

test('buckets are refused where nothing reaches them', async () => {
  for (const url of ['s3://bucket/prefix', 'gs://bucket']) {
    await expect(openStore(url, { cwd: '/' })).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('buckets cannot be used here'),
    });
  }
});

test('the address of a published mirror is refused where one writes', async () => {
  await expect(openStore('https://mirror.example.org', { cwd: '/' })).rejects.toThrow(/for reading/);
});
