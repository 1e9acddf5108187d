import type { SourceGrants } from '../../contract/cloud/source-grants.ts';
import { type Credential, gitHubCredential, huggingFaceCredential } from '../http/credential.ts';
import type { OriginCredential } from '../sources/withheld-credential.ts';

type TokenGrants = SourceGrants['tokens'];

/** A token that weighbridge.yaml grants, and how it is sent. */
export interface TokenGrant {
  /** Where it stands in weighbridge.yaml. */
  readonly field: string;
  /** Exact origins that it goes to. */
  readonly origins: readonly string[];
  /** Name or ARN of the secret that holds it. */
  readonly secret: string;
  readonly for: 'private' | 'any';
  credential(value: string): Credential;
}

/** All tokens of weighbridge.yaml; one of a single origin comes before those of the two hosts that have their own. */
export function tokenGrants({ huggingFace, github, origins }: TokenGrants): readonly TokenGrant[] {
  return [
    ...origins.map(({ origin, header, scheme, secret, for: use }, index): TokenGrant => {
      const exact = new URL(origin).origin;
      return {
        field: `sources.tokens.origins[${index}]`,
        origins: [exact],
        secret,
        for: use,
        credential: (value) => ({
          origins: [exact],
          headers: { [header.toLowerCase()]: scheme === undefined ? value : `${scheme} ${value}` },
        }),
      };
    }),
    ...(huggingFace === undefined ? [] : [hostGrant('huggingFace', huggingFace, huggingFaceCredential)]),
    ...(github === undefined ? [] : [hostGrant('github', github, gitHubCredential)]),
  ];
}

/** Tokens that must not be used for the bytes of public releases. */
export function withheldTokens(tokens: TokenGrants): readonly OriginCredential[] {
  return tokenGrants(tokens)
    .filter((grant) => grant.for === 'private')
    .flatMap(({ field, origins }) => origins.map((origin) => ({ origin, variable: `the token of ${field}` })));
}

function hostGrant(
  name: 'huggingFace' | 'github',
  grant: { readonly secret: string; readonly for: 'private' | 'any' },
  credential: (token: string) => Credential,
): TokenGrant {
  return {
    field: `sources.tokens.${name}`,
    origins: credential('').origins,
    secret: grant.secret,
    for: grant.for,
    credential: (value) => credential(value),
  };
}
