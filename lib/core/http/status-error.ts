import { SourceError, type SourceErrorOptions } from '../sources/source.ts';
import { quotaUsedUp, waitFor } from './rate-limit.ts';
import { redact } from './redact.ts';

export interface FailedResponse {
  readonly status: number;
  /** The URL that answered, after redirects. */
  readonly url: URL;
  header(name: string): string | undefined;
}

export interface StatusContext {
  /** How messages name the source; the URL that answered, redacted, by default. */
  readonly source?: string;
  /** The URL came from a redirect and may have expired: 401, 403, 404 and 410 then mean "resolve again". */
  readonly signed?: boolean;
  /** For `Retry-After` dates. */
  readonly now?: Date;
}

/** The `SourceError` that a response other than the wanted one means. Hub: `X-Error-Code`, facts of its Python client. */
export function sourceErrorFor(response: FailedResponse, context: StatusContext = {}): SourceError {
  const { status } = response;
  const code = response.header('x-error-code');
  const source = context.source ?? redact(response.url);
  const where = `${source}: HTTP ${status}${code === undefined ? '' : ` ${code}`}${elsewhere(source, response.url, context.signed)}`;
  const evidence = { status, host: response.url.host, code };
  const error = (outcome: SourceError['outcome'], message: string, more: SourceErrorOptions = {}) =>
    new SourceError(outcome, message, { evidence, ...more });

  const wait = waitFor(response, context.now ?? new Date());
  const waiting = wait === undefined ? {} : { retryAfter: wait };
  if (code !== undefined) {
    const known = hubError(code, where);
    if (known !== undefined) return error(known.outcome, known.message, { hint: known.hint });
  }
  if (status === 429 || (status === 403 && (quotaUsedUp(response) || response.header('retry-after') !== undefined))) {
    return error('rate-limited', `${where}, too many requests`, { retryable: true, ...waiting });
  }
  if (status === 401 || status === 403) {
    if (context.signed === true) {
      return error('unauthorised', `${where}, the signed URL is refused or expired`, {
        retryable: true,
        resolveAgain: true,
      });
    }
    return error('unauthorised', `${where}, not allowed`, {
      hint: 'Set the token for this host, or check that it may read this.',
    });
  }
  if (status === 404 || status === 410) {
    if (context.signed === true) {
      return error('missing', `${where}, gone since it was resolved`, { resolveAgain: true });
    }
    return error('missing', `${where}, not there`);
  }
  if (status === 412) return error('changed', `${where}, replaced while it was being read`);
  if (status === 416) return error('changed', `${where}, shorter than when it was resolved`);
  if (status >= 500 || status === 408 || status === 425) {
    return error('broken', `${where}, server error`, { retryable: status !== 501, ...waiting });
  }
  return error('broken', `${where}, unexpected answer`);
}

/** The host that answered, where it is not the one that the source names: a redirect or a signed URL led there. */
function elsewhere(source: string, answered: URL, signed = false): string {
  const named = URL.parse(source);
  const isUrl = named?.protocol === 'https:' || named?.protocol === 'http:';
  return (isUrl ? named.host !== answered.host : signed) ? ` from ${answered.host}` : '';
}

interface HubError {
  readonly outcome: SourceError['outcome'];
  readonly message: string;
  readonly hint: string;
}

function hubError(code: string, where: string): HubError | undefined {
  switch (code) {
    case 'GatedRepo':
      return {
        outcome: 'gated',
        message: `${where}, the repository is gated`,
        hint: 'Accept the licence on the model page, and set HF_TOKEN to a token of that account.',
      };
    case 'RepoNotFound':
      return {
        outcome: 'missing',
        message: `${where}, no such repository, or it is private`,
        hint: 'Check its name; for a private repository set HF_TOKEN.',
      };
    case 'RevisionNotFound':
      return { outcome: 'missing', message: `${where}, no such revision`, hint: 'Check the branch, tag or commit.' };
    case 'EntryNotFound':
      return { outcome: 'missing', message: `${where}, no such file at this revision`, hint: 'Check the path.' };
    default:
      return undefined;
  }
}
