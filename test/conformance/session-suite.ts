import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect } from 'vitest';
import type { Store } from '../../lib/core/stores/store.ts';
import { type Deviations, testWith } from './deviations.ts';
import { bytesOf } from './read-all.ts';
import { type StorePlace, sealOf, sendPart, signal } from './store-place.ts';

/** What an upload session of GCS does across processes: where it was, and that it ends once. */
export function sessionSuite(name: string, make: () => Promise<StorePlace>, deviations?: Deviations): void {
  const test = testWith(deviations);

  describe(`${name} with upload sessions`, () => {
    let place: StorePlace;
    let store: Store;
    let data: Buffer;

    beforeEach(async () => {
      place = await make();
      store = place.open();
      data = randomBytes(3 * store.limits.partSize(0) + 5);
    });

    const begin = () => store.beginUpload('a/1/w', { size: data.length });
    const resume = (id: string, size = data.length) => place.open().resumeUpload('a/1/w', id, { size });

    test('a session that got nothing yet says so, and goes on from there', async () => {
      const { id } = await begin();
      const upload = await resume(id);
      expect(await upload?.parts()).toEqual([]);
      for (const number of [1, 2, 3, 4]) await sendPart(upload as NonNullable<typeof upload>, data, number);
      await upload?.complete(sealOf(data), signal);
      expect((await bytesOf(store.read('a/1/w'))).equals(data)).toBe(true);
    });

    test('each part may be sent by another instance', async () => {
      const { id } = await begin();
      for (const number of [1, 2, 3, 4]) {
        const upload = await resume(id);
        if (upload === undefined) throw new Error(`gone before part ${number}`);
        expect((await upload.parts()).map((part) => part.number)).toEqual([1, 2, 3].slice(0, number - 1));
        await sendPart(upload, data, number);
        if (number === 4) expect((await upload.complete(sealOf(data), signal)).outcome).toBe('created');
      }
      expect((await bytesOf(store.read('a/1/w'))).equals(data)).toBe(true);
    });

    test('the last part is not with the store before the upload is completed', async () => {
      const upload = await begin();
      for (const number of [1, 2, 3, 4]) await sendPart(upload, data, number);
      const other = await resume(upload.id);
      expect((await other?.parts())?.map((part) => part.number)).toEqual([1, 2, 3]);
      expect(await store.head('a/1/w')).toBeUndefined();
    });

    test('a session that was finished is not continued', async () => {
      const upload = await begin();
      for (const number of [1, 2, 3, 4]) await sendPart(upload, data, number);
      await upload.complete(sealOf(data), signal);
      expect(await resume(upload.id)).toBeUndefined();
    });

    test('a session that was cancelled is not continued', async () => {
      const upload = await begin();
      await sendPart(upload, data, 1);
      await upload.abort();
      expect(await resume(upload.id)).toBeUndefined();
    });

    test('bytes that were sent already are not sent again', async () => {
      const upload = await begin();
      await sendPart(upload, data, 1);
      await sendPart(upload, data, 2);
      const other = await resume(upload.id);
      if (other === undefined) throw new Error('gone');
      for (const number of [1, 2, 3, 4]) await sendPart(other, data, number);
      await other.complete(sealOf(data), signal);
      expect((await bytesOf(store.read('a/1/w'))).equals(data)).toBe(true);
    });
  });
}
