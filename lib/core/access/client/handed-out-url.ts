import type { UrlsAnswer } from '../wire.ts';

/** A signed URL that is given to somebody else, with what proves its bytes. */
export interface HandedOutUrl {
  readonly file: string;
  /** A credential while it lives. */
  readonly url: string;
  /** When a request with it is refused at the latest. */
  readonly expiresAt: string;
  /** Bytes. */
  readonly size: number;
  /** Lowercase hex. */
  readonly sha256: string;
  readonly store: UrlsAnswer['store'];
}
