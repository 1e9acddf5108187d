/**
 * A process of its own for the tests that kill one: `node gcs-child.ts URL TOKEN BUCKET SEED [ID] [LAST]`. Uploads ten
 * parts, from the beginning or where the session of that id is, and says each thing that it has done on a line of its
 * own. After part LAST it waits to be killed.
 */
import { writeSync } from 'node:fs';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { sealOf, sendPart, signal } from '../../conformance/store-place.ts';
import { storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { partSize } from './gcs-place.ts';
import { sessionBytes } from './gcs-session-bytes.ts';

const [url = '', token = '', bucket = '', seed = '', id = '', last = ''] = process.argv.slice(2);
const storage = storageWithToken(url, token);
const store = new GcsStore({ url: `gs://${bucket}`, bucket, prefix: '', storage, partSize });
const bytes = sessionBytes(seed);

/** At once, even if the next moment is the last. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}

const request = { size: bytes.length };
const upload = id === '' ? await store.beginUpload('a/1/w', request) : await store.resumeUpload('a/1/w', id, request);
if (upload === undefined) {
  say('gone');
} else {
  say(`id ${upload.id}`);
  const held = (await upload.parts()).map(({ number }) => number);
  say(`held ${held.length}`);
  for (let number = held.length + 1; (number - 1) * upload.partSize < bytes.length; number += 1) {
    await sendPart(upload, bytes, number);
    say(`part ${number}`);
    if (String(number) === last) await new Promise((resolve) => setTimeout(resolve, 600_000));
  }
  say((await upload.complete(sealOf(bytes), signal)).outcome);
}
