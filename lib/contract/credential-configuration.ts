import { z } from 'zod';
import { keyedEntries } from './keyed-entries.ts';

/** Exactly scheme, host and port of an http(s) URL: what `trustedOrigins`, `credentials` and `--trust-origin` take. */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return text === url.origin || text === `${url.origin}/`;
}

const exactOrigin = 'expected an origin: https://host[:port] or http://host[:port], without a path';

export const originText = z
  .string()
  .refine(isOrigin, exactOrigin)
  .describe('An origin that may be plain http or at a private address.');

/** Headers that make the request what it is: whoever could set them could change what is asked, and of whom. */
const ownHeaders = new Set([
  ...['host', 'connection', 'content-length', 'content-type', 'content-encoding', 'transfer-encoding', 'te', 'trailer'],
  ...['upgrade', 'expect', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'accept', 'accept-encoding'],
  ...['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'user-agent'],
]);

/** Hosts that have a variable of their own, whose rules on withholding hold for more than one of their hosts. */
const ownVariable: Readonly<Record<string, string>> = {
  'https://huggingface.co': 'HF_TOKEN',
  'https://hf.co': 'HF_TOKEN',
  'https://api.github.com': 'GITHUB_TOKEN',
  'https://github.com': 'GITHUB_TOKEN',
};

export const credential = z.strictObject({
  header: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header, such as Authorization or X-Api-Key')
    .refine((name) => !ownHeaders.has(name.toLowerCase()), 'this header is not for credentials')
    .optional()
    .describe('The header that carries it; Authorization by default.'),
  scheme: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'expected one word, such as Bearer')
    .optional()
    .describe('A word put in front of the value, such as Bearer. Without it the variable holds the whole value.'),
  env: z
    .string()
    // Capitals only, as such names are by custom: a token that was pasted here by mistake is told from a name.
    .regex(/^[A-Z_][A-Z0-9_]*$/, 'expected the name of an environment variable in capitals, never the value itself')
    .describe('The variable of the environment that holds the value.'),
  for: z
    .enum(['private', 'any'])
    .optional()
    .describe('private (default): what it fetches goes into private releases only. any: also into public ones.'),
});

/** Credentials for hosts that have no variable of their own, by exact origin. */
export const credentialsSchema = keyedEntries((name, before) => {
  const problem = problemOf(name, before);
  return problem === undefined ? { schema: credential } : { problem };
});

function problemOf(name: string, before: readonly string[]): string | undefined {
  if (!isOrigin(name)) return exactOrigin;
  const { origin } = new URL(name);
  const variable = ownVariable[origin];
  if (variable !== undefined) return `this host is given the token in ${variable}, and no other`;
  const twice = before.some((other) => isOrigin(other) && new URL(other).origin === origin);
  return twice ? 'this origin is there twice' : undefined;
}
