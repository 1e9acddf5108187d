import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gcsServer, s3Server } from '../servers/running-servers.ts';

// The program starts servers of its own, of the kinds that run beside this test.
const lacking = [s3Server('versitygw'), gcsServer('fake-gcs-server')].includes(undefined);

it.skipIf(lacking)(
  'the quickstart onto buckets publishes, replicates, finds nothing to do, verifies and pulls',
  async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'weighbridge-quickstart-'));
    try {
      const program = join(import.meta.dirname, '../../examples/buckets.ts');
      const child = spawn(process.execPath, [program], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
      const [code] = await once(child, 'close');
      expect(code, stdout).toBe(0);
      expect(stdout).toContain('published in s3://models/prod, gs://models-copy');
      expect(stdout).toContain('is in s3://models/prod, gs://models-copy already');
      expect(stdout).toContain('4 files equal to the primary by stored CRC32C');
      expect(stdout).toContain('gs://models-copy: 1 release verified');
      const pulled = await readFile(join(cwd, 'quickstart/from-gcs/labels.json'), 'utf8');
      expect(JSON.parse(pulled)).toEqual(['person', 'bicycle', 'car']);
    } finally {
      await rm(cwd, { recursive: true });
    }
  },
);
