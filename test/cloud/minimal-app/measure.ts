import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

export interface Measured {
  readonly item: { readonly name: string; readonly text: string; readonly fails?: 'once' | 'always' };
  /** Of the object that named the items. */
  readonly version: string;
}

class NotYet extends Error {
  override readonly name = 'NotYet';
}

class NeverRight extends Error {
  override readonly name = 'NeverRight';
}

const s3 = new S3Client({});
const seen = new Set<string>();

/** Writes how long an item's text is; a function of the minimal app, which fails as its item says. */
export async function handler({
  item,
  version,
}: Measured): Promise<{ name: string; length: number; revision: string }> {
  if (item.fails === 'always') throw new NeverRight(`${item.name} is never right`);
  if (item.fails === 'once' && !seen.has(item.name)) {
    seen.add(item.name);
    throw new NotYet(`${item.name} is not ready yet`);
  }
  const result = { name: item.name, length: item.text.length, revision: process.env.REVISION ?? '' };
  const Key = `measured/${version}/${item.name}.json`;
  await s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key, Body: JSON.stringify(result) }));
  return result;
}
