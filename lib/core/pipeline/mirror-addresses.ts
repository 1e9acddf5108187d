import type { RuntimeConfiguration } from '../../contract/cloud/deployment.ts';
import type { Access } from '../manifest/manifest.ts';
import type { MirrorAddress } from '../registry/records.ts';

/** Where anybody reads objects of a bucket that lets them. */
const googleBase = 'https://storage.googleapis.com';

/**
 * Where releases of an access class can be read, for the registry. A public registry names no bucket that only some
 * may read: its name would tell the account.
 * @param publicUrl of the CDN; undefined where there is none
 */
export function mirrorAddresses(
  access: Access,
  storeUrl: string,
  { gcs, replicas }: Pick<RuntimeConfiguration, 'gcs' | 'replicas'>,
  publicUrl: string | undefined,
): readonly MirrorAddress[] {
  const copy = replicas.some(({ to }) => to.includes('gcs')) ? gcs?.[access]?.name : undefined;
  if (access === 'private') {
    return [
      { kind: 's3', baseUrl: storeUrl, readers: 'iam' },
      ...(copy === undefined ? [] : [{ kind: 'gcs', baseUrl: `gs://${copy}`, readers: 'iam' as const }]),
    ];
  }
  const open = gcs?.publicRead === true && copy !== undefined;
  return [
    ...(publicUrl === undefined ? [] : [{ kind: 'https', baseUrl: publicUrl, readers: 'public' as const }]),
    ...(open ? [{ kind: 'gcs', baseUrl: `${googleBase}/${copy}`, readers: 'public' as const }] : []),
  ];
}
