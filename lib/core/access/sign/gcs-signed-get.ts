import { createHash } from 'node:crypto';
import { attachmentNamed } from '../../stores/content-disposition.ts';

/** What a URL of Cloud Storage gives, and to whose rights. */
export interface GcsSignedGet {
  /** Origin, such as `https://storage.googleapis.com`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly key: string;
  /** Generation. */
  readonly version: string | undefined;
  readonly fileName: string | undefined;
  /** Address of the service account that signs. */
  readonly signer: string;
  /** A whole second. */
  readonly signedAt: Date;
  /** Whole seconds from then on. */
  readonly expiresIn: number;
}

/**
 * A V4 signed URL and what is to be signed for it.
 * https://cloud.google.com/storage/docs/authentication/signatures
 */
export interface UnsignedGet {
  readonly stringToSign: string;
  /** @param signature RSA-SHA256 of the string */
  url(signature: Uint8Array): string;
}

export function gcsSignedGet(request: GcsSignedGet): UnsignedGet {
  const { endpoint, bucket, key, version, fileName, signer, signedAt, expiresIn } = request;
  const time = signedAt.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
  const disposition = fileName === undefined ? undefined : attachmentNamed(fileName);
  const query: Readonly<Record<string, string>> = {
    'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
    'X-Goog-Credential': `${signer}/${scope}`,
    'X-Goog-Date': time,
    'X-Goog-Expires': String(expiresIn),
    'X-Goog-SignedHeaders': 'host',
    ...(version === undefined ? {} : { generation: version }),
    ...(disposition === undefined ? {} : { 'response-content-disposition': disposition }),
  };
  const { origin, hostname } = new URL(endpoint);
  const path = `/${[bucket, ...key.split('/')].map(encoded).join('/')}`;
  const parameters = Object.entries(query)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
  // The name of the host without a port: Google's has none, and its own libraries sign those of others so.
  const canonical = ['GET', path, parameters, `host:${hostname}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  return {
    stringToSign: ['GOOG4-RSA-SHA256', time, scope, digest].join('\n'),
    url: (signature) => `${origin}${path}?${parameters}&X-Goog-Signature=${Buffer.from(signature).toString('hex')}`,
  };
}

/** All but the unreserved characters of RFC 3986. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}
