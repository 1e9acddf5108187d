import type { Clock } from '../clock.ts';
import type { Reporter } from '../events.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { OpenBucket } from '../sources/bucket-object-source.ts';

/** What importers need of the outside. */
export interface ImportPorts {
  /** Folder that relative inputs and settings are relative to; absolute. */
  readonly cwd: string;
  /** Folder of the manifest that will be written; absolute. `file:` sources are relative to it and stay below it. */
  readonly manifestDirectory: string;
  /** More placeholder texts, from the configuration. */
  readonly placeholders: readonly string[];
  readonly http: HttpClient;
  /** `https://huggingface.co`, or `HF_ENDPOINT`. */
  readonly huggingFaceEndpoint: URL;
  /** `https://api.github.com`, or `GITHUB_API_URL`. */
  readonly gitHubApi: URL;
  /** A bucket as a whole, to be listed and looked at: `s3` and `gs`. */
  readonly openBucket: OpenBucket;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}
