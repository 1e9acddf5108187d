import type { Clock } from '../../clock.ts';
import { StoreError } from '../../stores/store.ts';
import type { NamedRelease } from './access-route.ts';
import { answer } from './answers.ts';
import { askedOptions } from './asked-options.ts';
import { findGranted } from './find-granted.ts';
import type { Places } from './places.ts';
import { allowed, notUnderstood, type ProvenRequest, type Ruled } from './ruling.ts';
import { signFiles } from './sign-files.ts';
import type { FileFacts } from './store-records.ts';
import { unlessKnown } from './unless-known.ts';

/** One file: GET sends the caller on to a signed URL of the store, HEAD tells of the file itself. */
export async function answerFile(
  proven: ProvenRequest,
  { release, file }: { readonly release: NamedRelease; readonly file: string },
  places: Places,
  clock: Clock,
): Promise<Ruled> {
  const options = askedOptions(proven.query);
  if (options === undefined || !places.has(options.store)) return notUnderstood('badQuery');
  const wish = { release, files: [file], store: options.store };
  return await findGranted(proven, wish, places, async (granted) => {
    const { collection, version } = granted.release;
    const about = { collection, version, file, rule: granted.rule };
    const [facts] = granted.files;
    if (proven.request.method === 'HEAD' && facts !== undefined) {
      return allowed(describe(proven.request, facts), { ...about, reason: 'described' });
    }
    const { urls, expiresAt, lifetime } = await signFiles(granted, granted.files, options.expiresIn, clock);
    const [signed] = urls;
    if (signed === undefined) throw new StoreError(`nothing was signed for ${file}`);
    const end = { 'x-weighbridge-expires-at': expiresAt.toISOString() };
    const response = options.redirect
      ? answer(302, '', { ...end, location: signed.url })
      : answer(200, `${signed.url}\n`, { ...end, 'content-type': 'text/plain; charset=utf-8' });
    return allowed(response, { ...about, lifetime, reason: 'signed' });
  });
}

function describe(request: Request, { size, sha256, mediaType }: FileFacts): Response {
  const etag = `"${sha256.hex}"`;
  return unlessKnown(request, etag, () =>
    answer(200, '', {
      etag,
      'content-length': String(size),
      'content-type': mediaType,
      'accept-ranges': 'bytes',
      'repr-digest': sha256.reprDigest,
    }),
  );
}
