import { createHash, createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The request that a workload signs to show who it is in AWS. */
export interface SignedIdentityRequest {
  readonly url: string;
  readonly method: string;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface TokenServiceOptions {
  /** `//iam.googleapis.com/…/providers/NAME` that it stands for. */
  readonly audience: string;
  /** What AWS says of the signed request: the caller's ARN; undefined where it is nobody's. */
  readonly caller: (request: SignedIdentityRequest) => Promise<string | undefined>;
  /** The provider's condition: who may come. */
  readonly admits: (arn: string) => boolean;
  /** Tokens that it gives out, by the ARN of the caller. */
  readonly tokenOf: (arn: string) => string;
  /** RSA-SHA256 by the key of a service account, for whoever brings one of those tokens. @default - nobody signs */
  readonly signBlob?: (account: string, bytes: Uint8Array, token: string) => Uint8Array | undefined;
}

export interface RunningTokenService {
  readonly url: string;
  /** ARNs of those who were given a token, and of those who were refused. */
  readonly given: readonly string[];
  readonly refused: readonly string[];
  stop(): Promise<void>;
}

/**
 * Google's Security Token Service and the impersonation of service accounts, as far as workloads in AWS use them: they
 * hand over a signed GetCallerIdentity request, which is put to AWS.
 * https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
 */
export async function startTokenService(options: TokenServiceOptions): Promise<RunningTokenService> {
  const given: string[] = [];
  const refused: string[] = [];
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    try {
      const text = await bodyOf(request);
      if (request.url?.endsWith(':generateAccessToken')) {
        const accessToken = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
        if (accessToken === undefined) return answer(401, { error: { code: 401, message: 'no token' } });
        return answer(200, { accessToken, expireTime: new Date(Date.now() + 3_600_000).toISOString() });
      }
      const account = /\/serviceAccounts\/([^/]+):signBlob$/.exec(request.url ?? '')?.[1];
      if (account !== undefined) {
        const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
        const payload = Buffer.from((JSON.parse(text) as { payload: string }).payload, 'base64');
        const signature = options.signBlob?.(account, payload, token);
        if (signature === undefined) return answer(403, { error: { code: 403, message: 'signBlob is denied' } });
        return answer(200, { keyId: 'a key of Google', signedBlob: Buffer.from(signature).toString('base64') });
      }
      const arn = await exchanged(parsedForm(request, text), options);
      if (arn === undefined || !options.admits(arn)) {
        refused.push(arn ?? 'nobody');
        return answer(400, {
          error: 'unauthorized_client',
          error_description: 'The given credential is rejected by the attribute condition.',
        });
      }
      given.push(arn);
      answer(200, {
        access_token: options.tokenOf(arn),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 3600,
      });
    } catch (error) {
      answer(400, { error: 'invalid_request', error_description: String(error) });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    given,
    refused,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The caller of the request in a token exchange. @throws Error for what is none. */
async function exchanged(
  form: Readonly<Record<string, string>>,
  { audience, caller }: TokenServiceOptions,
): Promise<string | undefined> {
  if (form.audience !== audience) throw new Error(`audience ${form.audience}`);
  if (form.subject_token_type !== 'urn:ietf:params:aws:token-type:aws4_request') throw new Error('subject_token_type');
  const token = JSON.parse(decodeURIComponent(form.subject_token ?? '')) as {
    url: string;
    method: string;
    headers: readonly { key: string; value: string }[];
  };
  const headers = Object.fromEntries(token.headers.map(({ key, value }) => [key.toLowerCase(), value]));
  // So that a request signed for somebody else's pool is of no use here.
  if (headers['x-goog-cloud-target-resource'] !== audience) throw new Error('x-goog-cloud-target-resource');
  const url = new URL(token.url);
  if (!/^sts\..*amazonaws\.com$/.test(url.hostname) || url.searchParams.get('Action') !== 'GetCallerIdentity') {
    throw new Error(`not a GetCallerIdentity request: ${token.url}`);
  }
  return await caller({ url: token.url, method: token.method, headers });
}

/** Google's libraries send JSON or a form. */
function parsedForm({ headers }: IncomingMessage, text: string): Readonly<Record<string, string>> {
  if (headers['content-type']?.includes('json')) return JSON.parse(text) as Record<string, string>;
  return Object.fromEntries(new URLSearchParams(text));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Checks a signature as AWS does, for one pair of keys. */
export function callerWithKeys(keys: { readonly accessKeyId: string; readonly secretAccessKey: string }, arn: string) {
  return async ({ url, method, headers }: SignedIdentityRequest): Promise<string | undefined> => {
    const { authorization = '' } = headers;
    const [, id, scope = '', names = '', signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
        authorization,
      ) ?? [];
    if (id !== keys.accessKeyId) return undefined;
    const { pathname, searchParams } = new URL(url);
    const query = [...searchParams]
      .sort()
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .join('&');
    const signed = names
      .split(';')
      .map((name) => `${name}:${headers[name] ?? ''}\n`)
      .join('');
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const canonical = [method, pathname, query, signed, names, hash('')].join('\n');
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`);
    const expected = hmac(key, ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n')).toString(
      'hex',
    );
    return expected === signature ? arn : undefined;
  };
}

/** A token that nobody guesses. */
export function newToken(): string {
  return `ya29.${randomUUID()}`;
}
