import { NotAuthorised, NotFound, WeighbridgeError } from '../errors.ts';
import { SourceError } from './source.ts';

export interface BucketSourceContext {
  /** The source as the manifest has it. */
  readonly uri: string;
  /** The object had been found: what is gone now was replaced. */
  readonly reading: boolean;
}

/** What a store's error means for a source in a bucket; what is no error of a store passes unchanged. */
export function bucketSourceError(error: unknown, { uri, reading }: BucketSourceContext): unknown {
  if (error instanceof SourceError || !(error instanceof WeighbridgeError)) return error;
  const { evidence, hint, retryAfter } = error;
  const options = {
    cause: error,
    evidence,
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
  if (error instanceof NotAuthorised) return new SourceError('unauthorised', `${uri}: ${error.message}`, options);
  if (evidence.code === 'PreconditionFailed' || (reading && error instanceof NotFound)) {
    return new SourceError('changed', `${uri} was replaced while it was being read`, options);
  }
  if (error instanceof NotFound || evidence.status === 404) {
    return new SourceError('missing', `${uri}: ${error.message}`, options);
  }
  // Whoever only looked has been through the store's own retries; a body that broke off can be had again.
  return new SourceError('broken', `${uri}: ${error.message}`, { ...options, retryable: reading && error.retryable });
}
