import { expectThat, type Proof, type ProofCheck } from './proof.ts';
import { proofPublisher } from './throw-away-deployment.ts';

interface RunReport {
  readonly state?: string;
  readonly artifacts?: readonly { readonly id: string; readonly reason?: string }[];
  readonly error?: { readonly message: string };
}

/** Releases go through the pipeline, with the role that a publisher has. */
export const releaseChecks: readonly ProofCheck[] = [
  ...(['public', 'private'] as const).map(
    (access): ProofCheck => ({
      name: `submit-${access}`,
      needs: ['deploy'],
      async run(proof) {
        const { state } = await submitted(proof, access);
        expectThat(state === 'published', `expected the run to end published, got ${state}`);
        return `${proof.releases[access].collection}@1.0.0 published by the pipeline`;
      },
    }),
  ),
  {
    name: 'submit-again',
    needs: ['submit-public'],
    async run(proof) {
      const { state } = await submitted(proof, 'public');
      expectThat(state === 'present', `expected nothing to do, got ${state}`);
      return 'the same manifest again is a no-op';
    },
  },
  {
    name: 'verify',
    needs: ['submit-public', 'submit-private'],
    async run(proof) {
      for (const store of [proof.outputs.PublicStore, proof.outputs.PrivateStore]) {
        const { code, said } = await proof.weighbridge('verify', '--store', store ?? '');
        expectThat(code === 0, said);
      }
      return 'every byte of both mirrors read again and proven';
    },
  },
  {
    name: 'both-clouds',
    needs: ['submit-public', 'submit-private'],
    skip: ({ gcs }) => (gcs ? undefined : 'no cloud.gcs: give a weighbridge.yaml that has it with --config'),
    async run(proof) {
      const { name, account } = proof.place;
      for (const access of ['public', 'private'] as const) {
        const replica = `gs://${name}-${access}-${account}`;
        const { code, said } = await proof.weighbridge(
          ...['verify', '--store', `s3://${proof.buckets[access]}`, '--replica', replica, '--quick'],
        );
        expectThat(code === 0, said);
      }
      return 'both clouds keep the same checksums of the same files';
    },
  },
];

async function submitted(proof: Proof, access: 'public' | 'private'): Promise<RunReport> {
  const { manifest } = proof.releases[access];
  const { stdout, said, code } = await proof.asPublisher(
    ...['submit', manifest, '--publisher', proofPublisher, '--wait', '--json'],
  );
  const report = reportIn(stdout);
  expectThat(code === 0, [`submit ended with exit code ${code}`, ...reasonsOf(report, said)].join('\n'));
  return report;
}

function reportIn(stdout: string): RunReport {
  try {
    return JSON.parse(stdout) as RunReport;
  } catch {
    return {};
  }
}

function reasonsOf({ artifacts = [], error }: RunReport, said: string): readonly string[] {
  const reasons = artifacts.flatMap(({ id, reason }) => (reason === undefined ? [] : [`${id}: ${reason}`]));
  return error === undefined ? (reasons.length > 0 ? reasons : [said]) : [error.message];
}
