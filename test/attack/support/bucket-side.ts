/**
 * A bucket of its own on a real server, looked at straight and not through the program: what a test compares with
 * what the program claims.
 */
export interface BucketSide {
  /** `s3://NAME` or `gs://NAME`. */
  readonly url: string;
  /** Origin of the server: what a proxy is put in front of. */
  readonly origin: string;
  /** Environment in which the program finds the bucket at that origin, which may be a proxy's. */
  variables(origin: string): Readonly<Record<string, string>>;
  /** In order. */
  keys(): Promise<readonly string[]>;
  /** Versions that a key has or had; one means that it was written once. Undefined where the server keeps none. */
  versions(key: string): Promise<number | undefined>;
  /** Undefined where there is none. */
  bytes(key: string): Promise<Buffer | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Keys of uploads in progress; undefined where the server does not tell. */
  pending(): Promise<readonly string[] | undefined>;
  /** Ends all uploads in progress, as a lifecycle rule does. */
  abortPending(): Promise<void>;
  close(): void;
}
