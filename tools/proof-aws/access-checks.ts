import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { expectThat, type ProofCheck } from './proof.ts';

/** Who is refused. */
export const accessChecks: readonly ProofCheck[] = [
  ...(['public', 'private', 'state'] as const).map(
    (purpose): ProofCheck => ({
      name: `anonymous-${purpose}`,
      needs: ['deploy'],
      async run(proof) {
        for (const path of ['/registry.json', '/?list-type=2']) {
          const { status } = await proof.anonymous(proof.buckets[purpose], path);
          expectThat(status === 403, `expected 403 for ${path}, got ${status}`);
        }
        return `nobody reads the ${purpose} bucket past its readers`;
      },
    }),
  ),
  {
    name: 'publisher-refused',
    needs: ['submit-public'],
    skip: ({ takesRole }) => (takesRole ? undefined : 'the root of an account cannot take a role'),
    async run(proof) {
      const s3 = await proof.publisherS3();
      const { public: mirror, state } = proof.buckets;
      const refused: Readonly<Record<string, () => Promise<unknown>>> = {
        'read a mirror': () => s3.send(new GetObjectCommand({ Bucket: mirror, Key: 'registry.json' })),
        'write a mirror': () => put(s3, mirror, 'registry.json'),
        'submit for another': () => put(s3, state, 'submissions/other/x.json'),
        'write a report': () => put(s3, state, 'reports/proof/x.json'),
        'write a checkpoint': () => put(s3, state, 'working/x.json'),
        'write the policy': () => put(s3, state, 'policy/current.json'),
        'list what others do': () => s3.send(new ListObjectsV2Command({ Bucket: state })),
      };
      try {
        for (const [what, attempt] of Object.entries(refused)) {
          const end = await attempt().then(
            () => 'it did',
            (error: Error) => error.name,
          );
          expectThat(end === 'AccessDenied', `the submit role may not ${what}: ${end}`);
        }
      } finally {
        s3.destroy();
      }
      return `the submit role may not ${Object.keys(refused).join(', ')}`;
    },
  },
];

function put(s3: S3Client, Bucket: string, Key: string): Promise<unknown> {
  return s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' }));
}
