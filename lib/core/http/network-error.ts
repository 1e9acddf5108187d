import { SourceError } from '../sources/source.ts';
import { redact } from './redact.ts';

/** What went wrong on the wire, and whether it may go away by itself. */
const wire: Readonly<Record<string, { readonly words: string; readonly retryable: boolean }>> = {
  ECONNREFUSED: { words: 'refused the connection', retryable: true },
  ECONNRESET: { words: 'reset the connection', retryable: true },
  EPIPE: { words: 'closed the connection', retryable: true },
  ETIMEDOUT: { words: 'did not accept a connection in time', retryable: true },
  EHOSTUNREACH: { words: 'cannot be reached', retryable: true },
  ENETUNREACH: { words: 'cannot be reached', retryable: true },
  EAI_AGAIN: { words: 'could not be looked up just now', retryable: true },
  ENOTFOUND: { words: 'is not a known host name', retryable: false },
  UND_ERR_CONNECT_TIMEOUT: { words: 'did not accept a connection in time', retryable: true },
  UND_ERR_HEADERS_TIMEOUT: { words: 'did not answer in time', retryable: true },
  UND_ERR_BODY_TIMEOUT: { words: 'stopped sending', retryable: true },
  UND_ERR_SOCKET: { words: 'closed the connection', retryable: true },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { words: 'sent another length than it declared', retryable: true },
  UND_ERR_PROXY_CONNECTION: { words: 'was not reached: the proxy closed the connection', retryable: true },
  UND_ERR_HEADERS_OVERFLOW: { words: 'sent headers that are too large', retryable: false },
};

const certificate =
  /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_SSL|EPROTO|UND_ERR_PRX_TLS)/;

/**
 * Turns what the HTTP library or a socket threw into a `SourceError`. An error that already is one, and the reason of
 * an abort, pass unchanged. No message of a library is shown: some quote whole URLs.
 */
export function toSourceError(error: unknown, url: URL, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  const known = findSourceError(error);
  if (known !== undefined) return known;
  const code = codeOf(error);
  const where = redact(url);
  const evidence = { code };
  if (certificate.test(code)) {
    return new SourceError('broken', `the TLS connection to ${where} failed (${code})`, {
      evidence,
      hint: 'If a proxy or server with its own authority stands there, add its certificate with NODE_EXTRA_CA_CERTS.',
    });
  }
  if (code.startsWith('HPE_')) {
    return new SourceError('broken', `${where} answered with malformed HTTP`, { evidence, retryable: true });
  }
  const refusal = error instanceof Error ? proxyRefusal(error) : undefined;
  if (refusal !== undefined) {
    const retryable = refusal >= 500;
    const hint = refusal === 407 ? 'Put user and password into the URL of the proxy.' : 'Ask who runs the proxy.';
    return new SourceError('broken', `the proxy refused to connect to ${where} (${refusal})`, {
      hint,
      retryable,
      evidence,
    });
  }
  const { words, retryable } = wire[code] ?? { words: 'could not be read', retryable: true };
  return new SourceError('broken', `${where} ${words}`, { evidence, retryable });
}

/** The library wraps errors of the connect step. */
function findSourceError(error: unknown): SourceError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof SourceError) return at;
  }
  return undefined;
}

function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0]);
  }
  return 'unknown';
}

function proxyRefusal(error: Error): number | undefined {
  const match = /^Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/.exec(error.message);
  return match === null ? undefined : Number(match[1] ?? match[2]);
}
