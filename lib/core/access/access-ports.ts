import type { MirrorReader } from '../mirror/mirror-reader.ts';
import type { AccessPolicy } from './access-policy.ts';
import type { Caller } from './caller.ts';

/** What the access API needs of the outside: the same application runs in a function and in `serve`. */

export interface CurrentPolicy {
  readonly policy: AccessPolicy;
  /** Changes with the policy. */
  readonly etag: string;
}

export interface PolicySource {
  /**
   * The policy, never older than 30 seconds.
   * @throws PolicyUnavailable when it cannot be known what it is now; undefined when there is none: nobody may anything.
   */
  current(): Promise<CurrentPolicy | undefined>;
}

/** What came in the `Authorization` header. Never shown, logged or kept. */
export interface Authenticator {
  /**
   * @param authorization the header's value; undefined when there was none
   * @throws NotAuthorised for everything that is not a good credential; the message does not say what was wrong with it
   * to whom it is not known, `evidence.reason` for the audit does.
   * @throws IssuerUnavailable when nobody can tell, because keys of an identity provider cannot be had now
   */
  authenticate(authorization: string | undefined, policy: AccessPolicy): Promise<Caller>;
}

/** Signs URLs of one store. */
export interface UrlSigner {
  /**
   * Credentials that live for `seconds`, or as long as such credentials can; new ones are fetched first where the
   * old ones have less than a useful minimum left.
   * @throws NotAuthorised, StoreError
   */
  prepare(seconds: number): Promise<SigningSession>;
}

/** Signs without asking anybody, where the store allows it. */
export interface SigningSession {
  /** The true end of every URL of this session. */
  readonly expiresAt: Date;
  /** A GET of exactly this object, which allows ranges and saves under `fileName`. */
  sign(object: SignedObject): Promise<string>;
}

export interface SignedObject {
  readonly key: string;
  /** Version id or generation of objects.json; undefined where the store has none. */
  readonly version: string | undefined;
  /** What `objects.json` recorded, for a store without versions. */
  readonly etag: string;
  /** Lowercase hex: by it the file of a folder is known again that was copied, and so has another tag. */
  readonly sha256?: string;
  readonly fileName: string;
}

/** One store of private releases, as the API reads and signs it. The first of several is the primary. */
export interface AccessStore {
  readonly kind: 's3' | 'gcs' | 'directory' | 'memory';
  readonly reader: MirrorReader;
  readonly signer: UrlSigner;
}

export type AccessAction = 'registry' | 'release' | 'head' | 'url' | 'urls';

/** One decision. It holds no URL and no token. */
export interface AccessDecision {
  readonly time: Date;
  readonly request: string;
  /** `callerText`; null when the caller was not known. */
  readonly who: string | null;
  readonly action: AccessAction;
  /** Null where the request named none that a release could have. */
  readonly collection: string | null;
  readonly version: string | null;
  /** The file, or how many were signed. */
  readonly file: string | null;
  readonly files?: number;
  /** With `files`: which they are. A line of the audit has as many of them as fit. */
  readonly names?: readonly string[];
  /** `denied`: no grant; `malformed`: a request that is not understood; `missing`: granted, and not there; `unauthenticated`: no good credential; `failed`: the API could not. */
  readonly outcome: 'allowed' | 'denied' | 'malformed' | 'missing' | 'unauthenticated' | 'failed';
  /** Name of the grant. */
  readonly rule: string | null;
  /** Why, in a few words of the program's own. */
  readonly reason: string;
  /** Seconds that the URLs live. */
  readonly lifetime?: number;
}

export interface AuditLog {
  record(decision: AccessDecision): void;
}
