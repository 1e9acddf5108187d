import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { deploymentSchema, runtimeConfiguration } from '../../lib/contract/cloud/deployment.ts';
import { handlers } from '../../lib/contract/cloud/handlers.ts';
import { EncryptionKey } from '../../lib/infra/encryption-key.ts';
import { MirrorBucket } from '../../lib/infra/mirror-bucket.ts';
import { StagingPipeline, type StagingPipelineProps } from '../../lib/infra/staging-pipeline.ts';
import { StateBucket } from '../../lib/infra/state-bucket.ts';
import { checkedStack } from './checked-stack.ts';

export interface PipelineVariant {
  /** Sections of weighbridge.yaml. */
  readonly deployment?: Readonly<Record<string, unknown>>;
  /** @default both */
  readonly mirrors?: readonly ('public' | 'private')[];
  /** One KMS key for everything. */
  readonly key?: boolean;
  readonly props?: Partial<StagingPipelineProps>;
}

/** Bundles of all functions that do nothing; the caller removes the folder. */
export function emptyBundles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'weighbridge-bundles-'));
  for (const handler of handlers) {
    mkdirSync(join(folder, handler));
    writeFileSync(join(folder, handler, 'index.mjs'), `export const handler = async () => '${handler}';\n`);
  }
  return folder;
}

/** The pipeline in a stack of its own, with rules of CloudFormation and cdk-nag as errors. */
export function pipelineStack({ deployment = {}, mirrors = ['public', 'private'], key, props }: PipelineVariant = {}): {
  readonly pipeline: StagingPipeline;
  readonly template: Template;
} {
  const bundles = emptyBundles();
  try {
    const { stack, template } = checkedStack();
    const encryptionKey = key === true ? { encryptionKey: new EncryptionKey(stack, 'One').key } : {};
    const mirror = (id: string) => new MirrorBucket(stack, id, encryptionKey);
    const pipeline = new StagingPipeline(stack, 'Pipeline', {
      configuration: runtimeConfiguration(deploymentSchema.parse({ environment: null, cloud: {}, ...deployment })),
      state: new StateBucket(stack, 'State', encryptionKey),
      ...(mirrors.includes('public') ? { publicMirror: mirror('Public') } : {}),
      ...(mirrors.includes('private') ? { privateMirror: mirror('Private') } : {}),
      ...encryptionKey,
      bundles,
      ...props,
    });
    return { pipeline, template: template() };
  } finally {
    rmSync(bundles, { recursive: true });
  }
}
