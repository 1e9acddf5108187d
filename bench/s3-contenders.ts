import { join } from 'node:path';
import { type ServedFile, weighbridge } from './mirror-job.ts';
import type { Contender } from './race.ts';
import { bucket, mustHold, type S3Place } from './s3-place.ts';

/** One file, from an upstream into a bucket, its SHA-256 compared with the expected one. */
export interface S3Job {
  readonly place: S3Place;
  readonly manifest: string;
  readonly origin: string;
  readonly file: ServedFile;
}

const nativeHashing = join(import.meta.dirname, 'native-hashing.ts');

/** `weighbridge stage` into the bucket, its checkpoints in a folder. */
export function stageToS3(manifest: string, origin: string, output: string): readonly string[] {
  const options = ['--to', `s3://${bucket}`, '--state', join(output, 'state'), '--trust-origin', origin];
  return [...weighbridge, 'stage', manifest, ...options, '--progress', 'none', '--json'];
}

export function stageContender({ place, manifest, origin, file }: S3Job, hashing: 'resumable' | 'native'): Contender {
  return {
    name: `weighbridge stage, ${hashing} hashing`,
    prepare: () => place.renew(),
    variables: () => place.variables(),
    command(output) {
      const command = stageToS3(manifest, origin, output);
      if (hashing === 'resumable') return command;
      const [node = '', ...rest] = command;
      return [node, `--import=${nativeHashing}`, ...rest];
    },
    async check() {
      await mustHold(place, `bench/1.0.0/${file.name}`, file.size);
      if ((await place.size('bench/1.0.0/release.json')) === undefined) throw new Error('nothing was published');
    },
  };
}

/** The pipelines that people write: each ends when the object is there and its digest has been computed. */
export function s3Peers(job: S3Job): readonly Contender[] {
  return [
    peer(job, 'rclone copyurl; hashsum', [
      'rclone copyurl --s3-chunk-size 64M "$URL" "minio:$BUCKET/$KEY"',
      'rclone hashsum sha256 --download "minio:$BUCKET/$KEY"',
    ]),
    peer(
      job,
      'curl | tee >(openssl) | aws s3 cp',
      teed('aws s3 cp --only-show-errors --expected-size "$SIZE" - "s3://$BUCKET/$KEY"'),
    ),
    peer(job, 'curl | tee >(openssl) | s5cmd pipe', teed('s5cmd --log error pipe "s3://$BUCKET/$KEY"')),
    peer(job, 'curl | tee >(openssl) | rclone rcat', teed('rclone rcat --s3-chunk-size 64M "minio:$BUCKET/$KEY"')),
    ariaPeer(job),
  ];
}

/** To the disk over eight connections, and from there. */
export function ariaPeer(job: S3Job): Contender {
  return peer(job, 'aria2c -x8 to disk; s5cmd cp', [
    'aria2c -x8 -s8 --checksum="sha-256=$DIGEST" --quiet=true --no-conf=true --out=weights.bin "$URL"',
    's5cmd --log error cp weights.bin "s3://$BUCKET/$KEY"',
    'echo "$DIGEST"',
  ]);
}

/** With a named pipe instead of `>( )`, whose process the shell does not wait for, and whose work it would not count. */
function teed(upload: string): readonly string[] {
  return [
    'mkfifo bytes',
    'openssl dgst -sha256 < bytes > digest &',
    `curl -sSf "$URL" | tee bytes | ${upload}`,
    'wait',
    'cat digest',
  ];
}

function peer({ place, origin, file }: S3Job, name: string, script: readonly string[]): Contender {
  const key = file.name;
  return {
    name,
    prepare: () => place.renew(),
    variables: () => ({
      ...place.variables(),
      URL: `${origin}/${file.name}`,
      BUCKET: bucket,
      KEY: key,
      SIZE: String(file.size),
      DIGEST: file.sha256,
    }),
    command: () => ['bash', '-c', ['set -euo pipefail', ...script].join('\n')],
    async check(_, { stdout }) {
      if (!stdout.includes(file.sha256)) throw new Error(`${name} came to ${stdout}`);
      await mustHold(place, key, file.size);
    },
  };
}

/** The least that an upload costs: the same size from memory, with no upstream and no digest. */
export function floorContender({ place, file }: S3Job): Contender {
  return {
    name: 'floor: the SDK, from memory',
    prepare: () => place.renew(),
    variables: () => place.variables(),
    command: () => [process.execPath, join(import.meta.dirname, 'raw-upload.ts'), bucket, file.name, String(file.size)],
    check: () => mustHold(place, file.name, file.size),
  };
}
