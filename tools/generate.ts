import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs every generator; with --check they change nothing and fail where a file in the repository is not what they make. */
const generators = [
  'generate-schema.ts',
  'generate-cli-docs.ts',
  'generate-configuration-docs.ts',
  'generate-deployment-docs.ts',
  'generate-consumer-docs.ts',
];

for (const generator of generators) {
  const { status, error } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, generator), ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  if (error !== undefined) throw error;
  if (status !== 0) process.exitCode = 1;
}
