import { createHash } from 'node:crypto';
import type { FaultProxy } from '../../servers/fault-proxy.ts';

/** A mirror in a bucket and its state in another, as an outsider sees them who knows nothing of the program. */
export interface BucketMirror {
  /** What `--to` takes. */
  readonly url: string;
  /** What `--state` takes. */
  readonly state: string;
  /** The environment in which the program finds the server, through the proxy. */
  readonly variables: Readonly<Record<string, string>>;
  /** All that the program asks the server goes through it. */
  readonly proxy: FaultProxy;
  /** Size by key, without the store's prefix. */
  objects(): Promise<ReadonlyMap<string, number>>;
  stateObjects(): Promise<ReadonlyMap<string, number>>;
  read(key: string): Promise<AsyncIterable<Uint8Array>>;
  /** Keys of uploads that the server still holds parts of; none where it does not tell. */
  unfinished(): Promise<readonly string[]>;
  /** Bytes that the program has sent as parts of uploads, through the proxy. */
  bytesSent(): number;
  close(): Promise<void>;
}

/** Prefix of the mirror in its bucket. */
export const mirrorPrefix = 'prod/';

let made = 0;

/** Names of two buckets that nobody else has. */
export function bucketNames(): { readonly mirror: string; readonly state: string } {
  made += 1;
  const name = `wb-${process.pid}-${Date.now().toString(36)}-${made}`;
  return { mirror: name, state: `${name}-state` };
}

/** SHA-256 in hex. */
export async function digestOfStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}
