/**
 * The access policy as it is decided by: parsed, validated, defaults filled in. Plain JSON, since the cloud keeps it
 * so (`policy/current.json`).
 */
export interface AccessPolicy {
  readonly issuers: Readonly<Record<string, Issuer>>;
  readonly principals: Readonly<Record<string, Principal>>;
  /** In the order of the file. */
  readonly grants: readonly Grant[];
}

export interface Issuer {
  /** `iss`, exactly. */
  readonly issuer: string;
  readonly audiences: readonly string[];
}

export type ClaimRule = string | number | boolean | { readonly contains: string };

export type Principal =
  | { readonly kind: 'aws'; readonly arns: readonly string[] }
  | { readonly kind: 'oidc'; readonly issuer: string; readonly claims: Readonly<Record<string, ClaimRule>> }
  | { readonly kind: 'tokens'; readonly tokens: readonly TokenDigest[] };

export interface TokenDigest {
  /** Lowercase hex. */
  readonly sha256: string;
  /** `YYYY-MM-DD`: the last day (UTC) on which the token is good. */
  readonly expires: string;
}

export interface Grant {
  readonly name: string;
  readonly to: readonly string[];
  readonly collections: readonly string[];
  /** A range of semver; null with `tags: null` for every version, null with tags for none. */
  readonly versions: string | null;
  readonly prereleases: boolean;
  readonly tags: readonly string[] | null;
  /** Null: every file. */
  readonly files: readonly string[] | null;
  /** Seconds. */
  readonly maximumLifetime: number;
}
