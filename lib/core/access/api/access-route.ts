import { unsafeCharacter } from '../../manifest/unsafe-characters.ts';
import { fileNameFault } from '../../mirror/file-name-fault.ts';
import { isCollectionName, isVersionName } from '../../mirror/release-ref.ts';

/** Records of a release that the API answers itself: whoever may see the release may read them. */
export const servedRecords = ['release.json', 'SHA256SUMS', 'RELEASE.md'] as const;
export type ServedRecord = (typeof servedRecords)[number];

/** A release as a path names it. */
export interface NamedRelease {
  readonly collection: string;
  /** Or `latest`. */
  readonly version: string;
}

export type AccessRoute =
  | { readonly kind: 'health' | 'openapi' | 'registry' | 'urls' }
  | { readonly kind: 'record'; readonly release: NamedRelease; readonly record: ServedRecord }
  | { readonly kind: 'file'; readonly release: NamedRelease; readonly file: string }
  /** What no release could have. It is asked of the policy like any other name, and nothing comes of it. */
  | { readonly kind: 'nothing' };

export interface RoutedRequest {
  /** `aws`: below `/iam/v1`, where the gateway proved who asks. */
  readonly realm: 'header' | 'aws';
  readonly route: AccessRoute;
  /** As sent, without the question mark. */
  readonly query: string;
}

/** Every route with its methods, as the OpenAPI document lists them; paths are relative to `/v1` and `/iam/v1`. */
export const apiRoutes: readonly {
  readonly kind: AccessRoute['kind'];
  readonly path: string;
  readonly methods: readonly string[];
}[] = [
  { kind: 'health', path: '/healthz', methods: ['GET', 'HEAD'] },
  { kind: 'openapi', path: '/openapi.json', methods: ['GET', 'HEAD'] },
  { kind: 'registry', path: '/registry', methods: ['GET', 'HEAD'] },
  { kind: 'urls', path: '/urls', methods: ['POST'] },
  ...servedRecords.map((record) => ({
    kind: 'record' as const,
    path: `/{collection}/{version}/${record}`,
    methods: ['GET', 'HEAD'],
  })),
  { kind: 'file', path: '/{collection}/{version}/{file}', methods: ['GET', 'HEAD'] },
];

/** The methods that a kind of route takes. */
export function methodsOf(kind: AccessRoute['kind']): readonly string[] {
  return apiRoutes.find((route) => route.kind === kind)?.methods ?? ['GET', 'HEAD'];
}

/**
 * What a request target asks for; undefined for what lies outside of the API.
 * @param target the request line's, as sent; or a whole URL
 */
export function accessRoute(target: string): RoutedRequest | undefined {
  const [, path = '', query = ''] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(target) ?? [];
  for (const [prefix, realm] of [
    ['/v1/', 'header'],
    ['/iam/v1/', 'aws'],
  ] as const) {
    if (path.startsWith(prefix)) return { realm, route: routeOf(path.slice(prefix.length)), query };
  }
  return undefined;
}

function routeOf(path: string): AccessRoute {
  const segments = path.split('/').map(decodedSegment);
  const [collection, version, ...rest] = segments;
  if (version === undefined && segments.length === 1) return plainRoute(collection);
  if (collection === undefined || version === undefined || rest.includes(undefined)) return { kind: 'nothing' };
  const release = namedRelease(collection, version);
  const file = rest.join('/');
  if (release === undefined || rest.length === 0) return { kind: 'nothing' };
  const record = servedRecords.find((name) => name === file);
  if (record !== undefined) return { kind: 'record', release, record };
  return isNameable(file) ? { kind: 'file', release, file } : { kind: 'nothing' };
}

function plainRoute(segment: string | undefined): AccessRoute {
  switch (segment) {
    case 'healthz':
      return { kind: 'health' };
    case 'openapi.json':
      return { kind: 'openapi' };
    case 'registry':
    case 'urls':
      return { kind: segment };
    default:
      return { kind: 'nothing' };
  }
}

/** Undefined where no release can be called so. */
export function namedRelease(collection: string, version: string): NamedRelease | undefined {
  if (!isCollectionName(collection) || (version !== 'latest' && !isVersionName(version))) return undefined;
  return { collection, version };
}

/** Could a record name such a file? */
export function isNameable(file: string): boolean {
  return fileNameFault(file) === undefined;
}

/** Decoded once: what still holds a separator or a control character afterwards was made to deceive. */
function decodedSegment(encoded: string): string | undefined {
  try {
    const segment = decodeURIComponent(encoded);
    return /[/\\]/.test(segment) || unsafeCharacter(segment) !== undefined ? undefined : segment;
  } catch {
    return undefined;
  }
}
