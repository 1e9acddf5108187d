import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { isHttp, set, token, type Variables } from './variables.ts';

/** What the environment says about the access API for private releases, and about who asks it. */
export interface AccessEnvironment {
  /** `WEIGHBRIDGE_API`: its base, which ends in `/v1` or `/iam/v1`; what `--from` is where it is not given. */
  readonly api: string | undefined;
  /** `WEIGHBRIDGE_TOKEN`: a mirror token, or any token that the policy takes. */
  readonly token: string | undefined;
  /** Absolute path of `WEIGHBRIDGE_TOKEN_FILE`, read again for every request. */
  readonly tokenFile: string | undefined;
  /** Absolute path of `NETRC`, else `~/.netrc`. */
  readonly netrc: string;
  /** `WEIGHBRIDGE_ID_TOKEN`: an identity token that the CI puts into a variable, such as by `id_tokens:` of GitLab. */
  readonly idToken: string | undefined;
  /** `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, where GitHub Actions sets both. */
  readonly github: { readonly url: URL; readonly token: string } | undefined;
  /** `WEIGHBRIDGE_AUDIENCE`: whom GitHub's token is for; the origin of the API by default. */
  readonly audience: string | undefined;
}

/** @throws UsageError naming a variable whose value cannot be used; never showing a secret value. */
export function readAccessEnvironment(variables: Variables): AccessEnvironment {
  const path = (name: string) => {
    const value = set(variables, name);
    return value === undefined ? undefined : resolve(value);
  };
  return {
    api: set(variables, 'WEIGHBRIDGE_API'),
    token: token(variables, 'WEIGHBRIDGE_TOKEN'),
    tokenFile: path('WEIGHBRIDGE_TOKEN_FILE'),
    netrc: path('NETRC') ?? join(homedir(), '.netrc'),
    idToken: token(variables, 'WEIGHBRIDGE_ID_TOKEN'),
    github: githubRequest(variables),
    audience: set(variables, 'WEIGHBRIDGE_AUDIENCE'),
  };
}

function githubRequest(variables: Variables): AccessEnvironment['github'] {
  const name = 'ACTIONS_ID_TOKEN_REQUEST_URL';
  const written = set(variables, name);
  const requestToken = token(variables, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN');
  if (written === undefined || requestToken === undefined) return undefined;
  // It has a query, unlike the bases of APIs.
  const url = URL.parse(written);
  if (url === null || !isHttp(url) || url.username !== '') {
    throw new UsageError(`${name} is no http(s) URL`, {
      hint: 'The runner of GitHub Actions sets it: leave it alone.',
    });
  }
  return { url, token: requestToken };
}
