import pLimit from 'p-limit';
import type { UnnamedArtifact } from '../author/name-artifacts.ts';
import { NotAuthorised, NotFound, UsageError } from '../errors.ts';
import { BucketObjectSource } from '../sources/bucket-object-source.ts';
import { formatBucketSource, parseGoogleStorage, parseS3 } from '../sources/bucket-source.ts';
import { bucketSourceError } from '../sources/bucket-source-error.ts';
import { SourceError } from '../sources/source.ts';
import type { GoogleStorageRef, S3Ref } from '../sources/source-ref.ts';
import { type BucketUrl, parseBucketUrl } from '../stores/bucket-url.ts';
import type { ObjectStat } from '../stores/store.ts';
import { gapFindings } from './gap-findings.ts';
import type { ImportPorts } from './import-ports.ts';
import type { Importer, ImportFinding } from './importer.ts';
import { namedArtifacts } from './named-artifacts.ts';

/** Objects that are looked at at the same time. */
const concurrency = 16;

/** What lies below a prefix, each object pinned to its version, with the SHA-256 that the store computed and kept. */
export const bucketImporter: Importer = {
  kind: 'bucket',
  generic: true,
  summary: 's3://bucket[/prefix] or gs://bucket[/prefix], objects pinned to their versions',
  settings: [],
  async read({ input }, ports) {
    const place = parseBucketUrl(input);
    if (place === undefined) {
      throw new UsageError('not a bucket', { hint: 'Write s3://bucket/prefix or gs://bucket/prefix.' });
    }
    const findings: ImportFinding[] = [];
    const objects = (await listed(place, ports)).filter(({ key, size }) => {
      if (key.endsWith('/')) return false;
      if (size === 0) findings.push({ kind: 'not-taken', subject: relativeTo(place, key), message: 'is empty' });
      return size > 0;
    });
    if (objects.length === 0) throw new NotFound(`${input} has no objects`);
    const limit = pLimit(concurrency);
    const files = await limit.map(objects, (stat) => lookAt(place, stat, ports, findings));
    const artifacts = namedArtifacts(files);
    findings.push(...artifacts.flatMap((artifact) => gapFindings(artifact, artifact.file)));
    return {
      manifests: [{ collection: undefined, version: undefined, access: undefined, artifacts }],
      findings,
      figures: {
        objects: objects.length,
        digests: artifacts.filter(({ sha256 }) => sha256 !== undefined).length,
        bytes: objects.reduce((sum, { size }) => sum + size, 0),
      },
    };
  },
};

/** With the operator's credentials, or without where those are refused: a public bucket needs none. */
async function listed(place: BucketUrl, ports: ImportPorts): Promise<ObjectStat[]> {
  const list = async (use: 'source' | 'anonymous') => {
    const store = await ports.openBucket(place, use);
    const objects: ObjectStat[] = [];
    for await (const stat of store.list(place.prefix)) {
      ports.signal.throwIfAborted();
      objects.push(stat);
    }
    return objects;
  };
  try {
    return await list('source');
  } catch (error) {
    if (!(error instanceof NotAuthorised)) throw error;
    return await list('anonymous').catch((second: unknown) => {
      throw second instanceof NotAuthorised ? error : second;
    });
  }
}

async function lookAt(
  place: BucketUrl,
  { key, size }: ObjectStat,
  ports: ImportPorts,
  findings: ImportFinding[],
): Promise<UnnamedArtifact> {
  const file = relativeTo(place, key);
  const ref = refOf(place, key);
  if ('problem' in ref) {
    findings.push({ kind: 'not-taken', subject: file, field: 'source', message: ref.problem });
    return { file, sources: [], size };
  }
  const expect = { kind: 'metadata', file, size: undefined, sha256: undefined };
  const source = new BucketObjectSource(ref, {
    openBucket: ports.openBucket,
    expect,
    withheld: undefined,
    refused: undefined,
  });
  try {
    const { description } = await source.resolve(ports.signal);
    const { sha256 } = description;
    const digest = sha256 === undefined ? {} : { sha256: sha256.hex, digestFrom: 'upstream' as const };
    return { file, sources: [description.source], size: description.size ?? size, ...digest };
  } catch (error) {
    const failure = bucketSourceError(error, { uri: source.uri, reading: false });
    if (!(failure instanceof SourceError)) throw failure;
    findings.push({ kind: 'not-taken', subject: file, field: 'source', message: failure.message });
    const { oid, size: pointed } = failure.evidence;
    // A Git LFS pointer says what the file should be; the object itself is not it.
    if (typeof oid === 'string' && typeof pointed === 'number')
      return { file, sources: [], sha256: oid, size: pointed };
    return { file, sources: [source.uri], size };
  }
}

function refOf({ scheme, bucket }: BucketUrl, key: string): S3Ref | GoogleStorageRef | { problem: string } {
  const ref: S3Ref | GoogleStorageRef =
    scheme === 's3'
      ? { scheme, uri: '', bucket, key, versionId: undefined }
      : { scheme, uri: '', bucket, key, generation: undefined };
  const uri = formatBucketSource(ref);
  return scheme === 's3' ? parseS3(uri) : parseGoogleStorage(uri);
}

function relativeTo({ prefix }: BucketUrl, key: string): string {
  return key.slice(prefix.length);
}
