import { randomUUID } from 'node:crypto';
import type { GcsAccess } from '../../servers/server-access.ts';
import type { BucketSide } from './bucket-side.ts';

interface Listing {
  readonly items?: readonly { readonly name: string }[];
  readonly nextPageToken?: string;
}

/**
 * A new bucket on a GCS server, by its JSON API and nothing else.
 * @param openSessions how many upload sessions the server holds, where it can be asked; the API has no listing of them
 */
export async function gcsSide({ apiEndpoint, projectId }: GcsAccess, openSessions?: () => number): Promise<BucketSide> {
  const bucket = `attack-${randomUUID().slice(0, 13)}`;
  const objects = `${apiEndpoint}/storage/v1/b/${bucket}/o`;
  const json = { 'content-type': 'application/json' };
  await ok(
    fetch(`${apiEndpoint}/storage/v1/b?project=${projectId}`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ name: bucket, versioning: { enabled: true } }),
    }),
  );
  const list = async (query: string) => {
    const names: string[] = [];
    let token: string | undefined = '';
    for (let page = 0; token !== undefined && page < 100; page += 1) {
      const more: string = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`;
      const listing = (await (await ok(fetch(`${objects}?${query}${more}`))).json()) as Listing;
      names.push(...(listing.items ?? []).map(({ name }) => name));
      token = listing.nextPageToken;
    }
    return names;
  };
  return {
    url: `gs://${bucket}`,
    origin: apiEndpoint,
    variables: (origin) => ({
      STORAGE_EMULATOR_HOST: origin,
      GOOGLE_APPLICATION_CREDENTIALS: '',
      GOOGLE_CLOUD_PROJECT: projectId,
    }),
    keys: async () => (await list('maxResults=1000')).sort(),
    async versions(key) {
      const names = await list(`versions=true&prefix=${encodeURIComponent(key)}`);
      return names.filter((name) => name === key).length;
    },
    async bytes(key) {
      const response = await fetch(`${objects}/${encodeURIComponent(key)}?alt=media`);
      const bytes = Buffer.from(await response.arrayBuffer());
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`reading ${key} ended with ${response.status}`);
      return bytes;
    },
    async put(key, bytes) {
      const target = `${apiEndpoint}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(key)}`;
      await ok(fetch(target, { method: 'POST', body: Buffer.from(bytes) }));
    },
    pending: async () => (openSessions === undefined ? undefined : Array(openSessions()).fill('some object')),
    abortPending: async () => undefined,
    close: () => undefined,
  };
}

async function ok(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (!response.ok) throw new Error(`the server answered ${response.status}: ${await response.text()}`);
  return response;
}
