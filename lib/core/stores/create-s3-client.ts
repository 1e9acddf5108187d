import { Agent as HttpAgent } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent } from 'node:https';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { NotAuthorised } from '../errors.ts';
import { bodyPieces } from './body-pieces.ts';

/** What signs requests; `expiration` bounds the life of presigned URLs. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface S3ClientOptions {
  readonly region: string;
  /** Another server than Amazon's. */
  readonly endpoint?: string;
  /** The bucket goes into the path instead of the host name, as most other servers want it. */
  readonly forcePathStyle?: boolean;
  /** `anonymous` signs nothing and reads public buckets only; `machine` is what the SDK finds where it runs. */
  readonly credentials: S3Credentials | (() => Promise<S3Credentials>) | 'anonymous' | 'machine';
  /** More for the connections: trusted certificates, a proxy (`proxyEnv`). */
  readonly agent?: AgentOptions;
  /** Connections at most; 128 when absent, twice what a transfer asks for at once. */
  readonly sockets?: number;
  /** Seconds without a byte in either direction after which a request counts as lost; 60 when absent. */
  readonly idleTimeout?: number;
  /** Seconds to set up a connection; 10 when absent. */
  readonly connectTimeout?: number;
  /** Seconds that completing an upload or copying a part may take without a byte; 900 when absent. */
  readonly patience?: number;
}

/**
 * A client whose requests are tried once each: the program has one retry loop, and every attempt is counted. Bodies
 * are sent unsigned, because hashing them for the signature costs as much as all else together; each carries a CRC32C
 * that the server checks.
 */
export function createS3Client(options: S3ClientOptions): S3Client {
  const { region, endpoint, forcePathStyle = false, credentials } = options;
  const client = new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...signing(credentials),
    // The shell reads the environment and hands over what holds.
    ignoreConfiguredEndpointUrls: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With it the library opens a connection of its own for every large body.
    expectContinueHeader: false,
    requestHandler: requestHandler(options),
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const { request } = args;
      if (unsignedBodies.has(context.commandName ?? '') && isRequest(request)) {
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      }
      return await next(args);
    },
    { step: 'build', name: 'unsignedBodies' },
  );
  return client;
}

/** Signs nothing: its `presign` must refuse instead of making a URL that cannot work. */
export function isAnonymous(credentials: { readonly accessKeyId: string }): boolean {
  return credentials.accessKeyId === nobody.accessKeyId;
}

function signing(credentials: S3ClientOptions['credentials']): Pick<S3ClientConfig, 'credentials' | 'signer'> {
  if (credentials === 'machine') return {};
  if (credentials === 'anonymous') return { credentials: nobody, signer: { sign: async (request) => request } };
  return { credentials: typeof credentials === 'function' ? provider(credentials) : { ...credentials } };
}

const nobody = { accessKeyId: '', secretAccessKey: '' } as const;
const unsignedBodies: ReadonlySet<string> = new Set(['PutObjectCommand', 'UploadPartCommand']);

function provider(credentials: () => Promise<S3Credentials>) {
  return async () => {
    const found = await credentials();
    if (found.accessKeyId === '') throw new NotAuthorised('the AWS credentials hold no access key');
    return { ...found };
  };
}

function isRequest(request: unknown): request is { readonly headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request;
}

/** Large bodies leave in pieces where they are encrypted on the way. */
function inPieces(request: Parameters<NodeHttpHandler['handle']>[0]): typeof request {
  const { protocol, body } = request;
  if (protocol !== 'https:' || !(body instanceof Uint8Array) || body.byteLength < largeBody) return request;
  return Object.assign(Object.create(Object.getPrototypeOf(request)), request, { body: bodyPieces([body]) });
}

/** Bytes from which on it is worth it. */
const largeBody = 2 ** 20;

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Two handlers over the same connections, because only these two kinds of request may rightly be silent for long. */
function requestHandler(options: S3ClientOptions) {
  const { sockets = 128, idleTimeout = 60, connectTimeout = 10, patience = 900 } = options;
  const agent = { ...options.agent, keepAlive: true, maxSockets: sockets };
  const shared = {
    httpAgent: new HttpAgent(agent),
    httpsAgent: new HttpsAgent(agent),
    connectionTimeout: connectTimeout * 1000,
    // Its warnings would go to the console, past the reporter.
    logger: silent,
  };
  const brisk = new NodeHttpHandler({ ...shared, socketTimeout: idleTimeout * 1000 });
  const patient = new NodeHttpHandler({ ...shared, socketTimeout: patience * 1000 });
  type Handle = NodeHttpHandler['handle'];
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: ((request, handling) => {
      const completes = request.method === 'POST' && request.query?.uploadId !== undefined;
      const copies = request.headers['x-amz-copy-source'] !== undefined;
      return (completes || copies ? patient : brisk).handle(inPieces(request), handling);
    }) as Handle,
    destroy: () => brisk.destroy(),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}
