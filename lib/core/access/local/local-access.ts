import type { MirrorReader } from '../../mirror/mirror-reader.ts';
import type { MountedApp } from '../../serve/by-path.ts';
import { isPresigning, type Store } from '../../stores/store.ts';
import type { UrlSigner } from '../access-ports.ts';
import { type AccessPorts, accessApp } from '../api/access-app.ts';
import { StoreUrlSigner } from '../store-url-signer.ts';
import { LocalUrlSigner } from './local-url-signer.ts';
import { LocalUrls, signedPath } from './local-urls.ts';
import { signedApp } from './signed-app.ts';

export interface LocalAccessOptions extends Omit<AccessPorts, 'stores' | 'cors'> {
  /** Of private releases. */
  readonly store: Store;
  /** Reads the same store. */
  readonly reader: MirrorReader;
  /** Address of this server as its clients know it; asked when a URL is signed. */
  base(): string;
}

/**
 * The access API of one store on one machine. A bucket signs its URLs itself; those of a folder are signed here, and
 * answered here, before the API is asked.
 */
export function localAccess(options: LocalAccessOptions): readonly MountedApp[] {
  const { store, reader, clock, base } = options;
  const urls = new LocalUrls();
  const local = !isPresigning(store);
  const signer: UrlSigner = local ? new LocalUrlSigner(urls, base, clock) : new StoreUrlSigner(store, clock);
  const api = accessApp({ ...options, stores: [{ kind: store.kind, reader, signer }] });
  return [
    ...(local ? [{ path: signedPath, app: signedApp(store, urls, clock) }] : []),
    // The target as it was sent, and nothing else that came with the request.
    { path: '/v1', app: { fetch: (request, { incoming }) => api.fetch(request, { target: incoming.url ?? '' }) } },
  ];
}
