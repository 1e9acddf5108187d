/** What S3, or the way there, answered instead of success: the one reading of the SDK's many error shapes. */
export class S3Fault {
  /** S3's code, such as `NoSuchKey`; the status where the answer had no body; the name or code of what was thrown. */
  readonly code: string;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** The server's sentence, without anything that it may have quoted from the signature. */
  readonly message: string;
  /** Region that the bucket is in, where the answer says so. */
  readonly region: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  /** The SDK has learnt by how much this machine's clock is off, and signs the next request accordingly. */
  readonly skewCorrected: boolean;
  /** Seconds that the server's clock is ahead of this machine's, where a refusal for skew says its time. */
  readonly serverAhead: number | undefined;

  constructor(error: unknown, now: Date) {
    const thrown = shapeOf(error);
    const header = (name: string) => thrown.$response?.headers?.[name];
    this.status = thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode;
    const name = thrown.Code ?? (generic.has(thrown.name ?? '') ? undefined : thrown.name);
    this.code =
      (this.status === undefined ? thrown.code : undefined) ?? name ?? thrown.code ?? String(this.status ?? 'unknown');
    this.message = printable(thrown.message ?? '');
    this.region = header('x-amz-bucket-region') ?? regionIn(thrown);
    this.retryAfter = seconds(header('retry-after'), now);
    this.skewCorrected = thrown.$metadata?.clockSkewCorrected === true;
    const date = Date.parse(header('date') ?? '');
    this.serverAhead = Number.isNaN(date) ? undefined : Math.round((date - now.getTime()) / 1000);
  }

  /**
   * Nobody can tell whether the server acted: no answer, a server error, or a success that could not be read.
   * `SlowDown` is none of these: it refuses before anything is done, and looking would only add to the load.
   */
  get unanswered(): boolean {
    if (this.code === 'SlowDown') return false;
    return this.status === undefined || this.status >= 500 || this.status < 300;
  }

  is(...codes: readonly string[]): boolean {
    return codes.includes(this.code);
  }
}

/** Names that say no more than that something failed. */
const generic: ReadonlySet<string> = new Set(['Error', 'UnknownError', 'Unknown', 'S3ServiceException']);

interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** Errors of a connection arrive bundled where a host name has several addresses. */
function shapeOf(error: unknown): Thrown {
  if (error instanceof AggregateError && error.errors.length > 0) return shapeOf(error.errors[0]);
  return typeof error === 'object' && error !== null ? error : { message: String(error) };
}

/** `AuthorizationHeaderMalformed`: "the region 'us-east-1' is wrong; expecting 'eu-west-1'". */
function regionIn(thrown: Thrown): string | undefined {
  return thrown.Region ?? /expecting '([a-z0-9-]+)'/.exec(thrown.message ?? '')?.[1];
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 300)
    .replace(/\.$/, '');
}

/** RFC 9110 §10.2.3: seconds or a date. */
function seconds(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.round((at - now.getTime()) / 1000));
}
