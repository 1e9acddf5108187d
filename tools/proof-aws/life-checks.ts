import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { expectThat, type Proof, type ProofCheck } from './proof.ts';

const promised = ['PublicUrl', 'PublicStore', 'PrivateStore', 'StateBucket', 'StateMachine', 'SubmitRoleProof'];

/** A deployment is made, and a second one would change nothing. */
export const beginning: readonly ProofCheck[] = [
  {
    name: 'bootstrap',
    skip: ({ bootstraps }) => (bootstraps ? undefined : 'without --bootstrap the one that is there is used'),
    async run(proof) {
      const { account, region } = proof.place;
      const { code, said } = await proof.bootstrap();
      expectThat(code === 0, `cdk bootstrap failed:\n${said}`);
      return `${account}, ${region}: it stays`;
    },
  },
  {
    name: 'deploy',
    async run(proof) {
      await proof.deploy();
      const missing = promised.filter((name) => proof.outputs[name] === undefined);
      expectThat(missing.length === 0, `the stack has no output ${missing.join(', ')}`);
      return `${proof.place.name} in ${proof.place.region}, outputs as promised`;
    },
  },
  {
    name: 'no-change',
    needs: ['deploy'],
    async run(proof) {
      const { code, said } = await proof.cdk('diff', '--all', '--fail');
      expectThat(code === 0, `a second deployment would change something:\n${said}`);
      return 'a second deployment would change nothing';
    },
  },
];

/** It is destroyed, and deployed again onto the buckets that stayed. */
export const ending: readonly ProofCheck[] = [
  {
    name: 'destroy',
    needs: ['deploy'],
    async run(proof) {
      const { code, said } = await proof.cdk('destroy', '--all', '--force');
      expectThat(code === 0, `cdk destroy failed:\n${said}`);
      for (const bucket of Object.values(proof.buckets)) await proof.s3.send(new HeadBucketCommand({ Bucket: bucket }));
      return 'the stacks are gone, the buckets stayed';
    },
  },
  {
    name: 'adopt',
    needs: ['destroy', 'submit-public'],
    async run(proof) {
      const before = await publishedBefore(proof);
      await proof.deploy('--import-existing-resources');
      const { code, stdout, said } = await proof.weighbridge('ls', '--from', proof.outputs.PublicStore ?? '', '--json');
      expectThat(code === 0 && stdout.includes(before), `the adopted mirror does not list ${before}:\n${said}`);
      return `deployed again, with the buckets as they were: ${before} is there`;
    },
  },
  {
    name: 'adopted-cdn',
    needs: ['adopt'],
    async run(proof) {
      const { collection, version, files } = proof.releases.public;
      const { status, body } = await proof.cdn(`/${collection}/${version}/config.json`);
      expectThat(status === 200, `expected 200 of the new distribution, got ${status}`);
      expectThat(body.equals(files['config.json'] ?? Buffer.alloc(0)), 'the new distribution serves other bytes');
      return 'the new distribution serves what was published before';
    },
  },
];

async function publishedBefore({ releases, weighbridge, buckets }: Proof): Promise<string> {
  const { collection } = releases.public;
  const { stdout } = await weighbridge('ls', '--from', `s3://${buckets.public}`, '--json');
  expectThat(stdout.includes(collection), `${collection} is not in the bucket that stayed`);
  return collection;
}
