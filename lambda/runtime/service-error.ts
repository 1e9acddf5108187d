import { NotAuthorised, WeighbridgeError } from '../../lib/core/errors.ts';

/** A service of the deployment, other than its buckets, failed. */
export class ServiceError extends WeighbridgeError {
  override readonly name = 'ServiceError';
}

interface Thrown {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: object;
}

const refusals: ReadonlySet<string> = new Set([
  ...['AccessDeniedException', 'AccessDenied', 'UnrecognizedClientException', 'ExpiredTokenException'],
  ...['InvalidClientTokenId', 'MissingAuthenticationTokenException'],
]);

/**
 * What an error of an SDK means: the service refuses, is busy, or does not take such a request. Its own message is left
 * out: it quotes ARNs and, of refused signatures, the request.
 * @param doing such as `reading the secret NAME`
 */
export function serviceError(error: unknown, doing: string): WeighbridgeError {
  if (error instanceof WeighbridgeError) return error;
  const {
    name = 'unknown',
    $metadata,
    $retryable,
  } = (typeof error === 'object' && error !== null ? error : {}) as Thrown;
  const status = $metadata?.httpStatusCode;
  const options = { evidence: { code: name, status } };
  if (refusals.has(name) || status === 401 || status === 403) {
    return new NotAuthorised(`${doing}: refused (${name})`, options);
  }
  const retryable = status === undefined || status >= 500 || status === 429 || $retryable !== undefined;
  return new ServiceError(`${doing} failed (${name})`, { ...options, retryable });
}
