import type { HttpClient } from '../http/http-client.ts';
import type { Store } from '../stores/store.ts';

/** What importers need of the outside. */
export interface ImportPorts {
  /** Folder that relative inputs and settings are relative to; absolute. */
  readonly cwd: string;
  /** Folder of the manifest that will be written; absolute. `file:` sources are relative to it and stay below it. */
  readonly manifestDirectory: string;
  /** More placeholder texts, from the configuration. */
  readonly placeholders: readonly string[];
  readonly http: HttpClient;
  /** A bucket, to be listed and looked at: `s3://bucket/prefix`, `gs://bucket/prefix`. */
  openStore(url: string): Promise<Store>;
  readonly signal: AbortSignal;
}
