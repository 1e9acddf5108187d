import type { UrlsRequest } from '../wire.ts';

/** What the query of a request for a file may say. */
export interface AskedOptions {
  /** False: the URL comes as text. */
  readonly redirect: boolean;
  /** Seconds. */
  readonly expiresIn: number | undefined;
  readonly store: UrlsRequest['store'];
}

/** Seconds: what signature version 4 could allow at all. */
const longestAsked = 604_800;

/** A query that is empty, apart from a signature that the gateway has checked. */
export function isPlainQuery(query: string): boolean {
  return asked(query).length === 0;
}

/** Undefined for a query that says anything else, or something twice. */
export function askedOptions(query: string): AskedOptions | undefined {
  const options: { redirect?: string; expiresIn?: string; store?: string } = {};
  for (const [name, value] of asked(query)) {
    if (name !== 'redirect' && name !== 'expiresIn' && name !== 'store') return undefined;
    if (options[name] !== undefined) return undefined;
    options[name] = value;
  }
  const { redirect = '1', expiresIn, store } = options;
  if (redirect !== '0' && redirect !== '1') return undefined;
  if (expiresIn !== undefined && !(/^[1-9][0-9]{0,5}$/.test(expiresIn) && Number(expiresIn) <= longestAsked))
    return undefined;
  if (store !== undefined && store !== 's3' && store !== 'gcs') return undefined;
  return { redirect: redirect === '1', expiresIn: expiresIn === undefined ? undefined : Number(expiresIn), store };
}

/** Signature version 4 may come in the query instead of a header. */
function asked(query: string): [string, string][] {
  return [...new URLSearchParams(query)].filter(([name]) => !name.startsWith('X-Amz-'));
}
