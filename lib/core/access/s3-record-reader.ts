import { NotFound } from '../errors.ts';
import type { MirrorBody, MirrorReader, MirrorStat } from '../mirror/mirror-reader.ts';
import { recordLimit } from '../mirror/read-record.ts';
import type { S3Bucket } from '../stores/s3-bucket.ts';
import { getObject, headObject } from '../stores/s3-reads.ts';
import type { ObjectStat } from '../stores/store.ts';

/**
 * Records of a mirror in S3, each read by one request, with the bytes that its checksum is of. A range is answered with
 * the whole object, as the contract allows: what the API reads is small.
 */
export class S3RecordReader implements MirrorReader {
  readonly url: string;
  readonly remote = true;
  readonly list = undefined;
  readonly foreign = undefined;
  readonly #bucket: S3Bucket;

  constructor(bucket: S3Bucket) {
    this.url = bucket.options.url;
    this.#bucket = bucket;
  }

  async head(key: string): Promise<MirrorStat | undefined> {
    const stat = await headObject(this.#bucket, key);
    return stat === undefined ? undefined : said(stat);
  }

  async open(key: string): Promise<MirrorBody> {
    const found = await getObject(this.#bucket, key, recordLimit);
    if (found === undefined) throw new NotFound(`${key} is not in ${this.url}`, { evidence: { key } });
    const { stat, bytes } = found;
    return { ...said(stat), start: 0, bytes: only(bytes), discard: async () => {} };
  }
}

function said({ size, etag, crc32c }: ObjectStat): MirrorStat {
  return { size, etag, claimedSha256: undefined, ...(crc32c === undefined ? {} : { crc32c }) };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
