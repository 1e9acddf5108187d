import type { JSONWebKeySet, JWK } from 'jose';
import * as z from 'zod';
import type { HttpClient } from '../../http/http-client.ts';
import { sourceErrorFor } from '../../http/status-error.ts';
import { SourceError } from '../../sources/source.ts';

/** Bytes of one document. The largest known has some 20 KiB, most of it certificates. */
const longestDocument = 256 << 10;

const mostKeys = 100;

/** Bits of an RSA modulus: below, it can be broken; above, one check takes a noticeable time. */
const rsaBits = { least: 2048, most: 8192 };

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/u }) });
const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(mostKeys) });

/** Public members only (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2): neither private ones nor certificates. */
const keySchema = z.object({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string().optional(),
  alg: z.string().optional(),
  use: z.literal('sig').optional(),
  key_ops: z.array(z.string()).optional(),
  crv: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
});

/**
 * The keys that an identity provider signs with now, by OpenID Connect Discovery 1.0 §4: its configuration, which must
 * name the very same issuer, then the key set that this names. Keys that cannot be taken (symmetric, private, weak, for
 * encryption) are left out.
 * @param http guarded; no credential goes along, and no redirect is followed to another origin
 * @param issuer `iss` as the policy has it
 * @throws SourceError when they cannot be had
 */
export async function fetchKeySet(http: HttpClient, issuer: string, signal: AbortSignal): Promise<JSONWebKeySet> {
  const wellKnown = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const configuration = parsed(discoverySchema, await readJson(http, wellKnown, signal), 'OpenID configuration');
  if (configuration.issuer !== issuer) throw unusable('The OpenID configuration names another issuer');
  const location = new URL(configuration.jwks_uri);
  if (wellKnown.protocol === 'https:' && location.protocol !== 'https:') throw unusable('The key set is at plain http');
  const { keys } = parsed(keySetSchema, await readJson(http, location, signal), 'key set');
  return { keys: keys.flatMap(usable) };
}

async function readJson(http: HttpClient, url: URL, signal: AbortSignal): Promise<unknown> {
  const response = await http.request({
    method: 'GET',
    url,
    headers: { accept: 'application/json' },
    credentials: false,
    followRedirects: 'same-origin',
    signal,
  });
  if (response.status !== 200) {
    await response.discard();
    throw sourceErrorFor(response);
  }
  const text = await response.text(longestDocument);
  try {
    return JSON.parse(text);
  } catch {
    throw unusable('An answer of the identity provider is not JSON');
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw unusable(`The ${what} of the identity provider is malformed`);
  return result.data;
}

function usable(candidate: Readonly<Record<string, unknown>>): readonly JWK[] {
  // Whoever published the private half cannot be told from anybody.
  if ('d' in candidate) return [];
  const result = keySchema.safeParse(candidate);
  if (!result.success) return [];
  const key = result.data;
  if (key.kty === 'RSA') {
    const bits = modulusBits(key.n ?? '');
    if (bits < rsaBits.least || bits > rsaBits.most) return [];
  }
  return [Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined)) as JWK];
}

function modulusBits(modulus: string): number {
  const bytes = Buffer.from(modulus, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24);
}

function unusable(message: string): SourceError {
  return new SourceError('broken', message);
}
